"""A public event, and its body as everybody is given it: subscribers, the feed, its stream."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never
from uuid import UUID, uuid5

from pydantic import ConfigDict

from app.event_store.recorded import ClockKind
from app.webhooks.catalog.event_types import LATEST, ApiVersion, EventType
from app.webhooks.catalog.payloads import EventData, Int64, Payload


class Envelope(Payload):
    """What every public event says, whatever it is about."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    id: str
    """The same whenever and however the event is given; it may be given more than once."""
    type: str
    """What happened; more types come, so pass over those you do not know."""
    timestamp: datetime
    """When it happened."""
    api_version: str
    """The form of `data`."""
    shop_id: str
    stream_id: str
    """What it happened to: an order with its tickets, or a shop's money."""
    version: Int64
    """The place in its stream: higher is later, and the same for what one cause led to at once."""
    caused_by: str
    """`merchant`, `consumer`, `platform` or `system` (timers and the like); more may come."""
    test_mode: bool
    """True for a shop that lives by a test clock: `timestamp` is its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEvent:
    """Something others are told: the ``ordinal``-th thing that the event at ``position`` means.

    ``event_id`` follows from the domain event and the type, so it is the same after a rebuild.
    ``version`` is the stream's. ``order_id`` and ``ticket_id``: what it is about, where it is.
    """

    event_id: UUID
    type: EventType
    shop_id: str
    partition_id: int
    position: int
    ordinal: int
    occurred_at: datetime
    stream_id: str
    version: int
    order_id: str | None
    ticket_id: str | None
    caused_by: str
    clock: ClockKind
    data: EventData

    def body(self, api_version: ApiVersion = LATEST) -> str:
        """Return the body in one of the forms there are: JSON, at most `BODY_BYTES_MAX` long."""
        match api_version:
            case ApiVersion.V2026_11_01:
                return self._enveloped(api_version, self.data)
            case _:
                assert_never(api_version)

    def _enveloped(self, api_version: ApiVersion, data: EventData) -> str:
        envelope = Envelope(
            id=str(self.event_id),
            type=self.type.value,
            timestamp=self.occurred_at.astimezone(UTC),
            api_version=api_version.value,
            shop_id=self.shop_id,
            stream_id=self.stream_id,
            version=self.version,
            caused_by=self.caused_by,
            test_mode=self.clock is ClockKind.TEST,
        )
        # Put together from two texts: both are whole objects, and neither is empty.
        return f'{envelope.model_dump_json()[:-1]},"data":{data.model_dump_json()}}}'


def id_of(domain_event_id: UUID, event_type: EventType) -> UUID:
    """Return the id of what a domain event means: the same every time it is made out."""
    return uuid5(domain_event_id, event_type.value)
