"""A public event and its body, the same for subscribers, the feed and its stream.

Subscribers that include personal data receive the same body with `data.personal` at its end.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import assert_never
from uuid import UUID, uuid5

from pydantic import ConfigDict

from app.event_store.recorded_event import ClockKind
from app.projections.orders.view import OrderView
from app.reactions.public_types import EventType
from app.webhooks.catalog import payload
from app.webhooks.catalog.payloads import EventData
from app.webhooks.catalog.personal import personal_data_of

PLAIN = payload.BodyForm(api_version=payload.LATEST)
"""The form of the feed: of persons only ids."""

# No JSON string can contain this: quotation marks are escaped there.
_PERSONAL, _END = ',"personal":', "}}"


class Envelope(payload.Payload):
    """The common members of all public events."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    id: str
    """The same whenever and however the event is delivered; it may be delivered more than once."""
    type: str
    """What happened; ignore unknown types, as more may come."""
    timestamp: datetime
    """When it happened."""
    api_version: str
    """The form of `data`."""
    shop_id: str
    """Null in `webhook_endpoint.disabled` of an endpoint of the platform."""
    stream_id: str
    """The subject: an order with its tickets, a shop's funds, or a webhook endpoint."""
    version: payload.Int64
    """The version of the stream: higher is later; events of one cause may share it."""
    caused_by: str
    """`merchant`, `consumer`, `platform` or `system` (timers and workers); more may come."""
    test_mode: bool
    """True for a shop with a test clock, whose time `timestamp` is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEvent:
    """A public event: the ``ordinal``-th one of the domain event at ``position``.

    ``event_id`` follows from the domain event and the type, so it is the same after a rebuild.
    ``version`` is the stream's. ``order_id`` and ``ticket_id``: its subject, if it is one.
    ``order``: as of right after the event, the source of personal data if that is included.
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
    order: OrderView | None = field(default=None, repr=False)

    def body(self, form: payload.BodyForm = PLAIN) -> str:
        """Return the body in a form: JSON, at most `BODY_BYTES_MAX` bytes."""
        match form.api_version:
            case payload.ApiVersion.V2026_11_01:
                plain = self._enveloped(form.api_version, self.data)
            case _:
                assert_never(form.api_version)
        if payload.Inclusion.PERSONAL_DATA in form.include and self.order is not None:
            return _with_personal(plain, self.order, self.ticket_id)
        return plain

    def _enveloped(self, api_version: payload.ApiVersion, data: EventData) -> str:
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
        # Joined as text: both are complete objects, and neither is empty.
        return f'{envelope.model_dump_json()[:-1]},"data":{data.model_dump_json()}}}'


def without_personal(body: str) -> str:
    """Return a body as it is without personal data, byte for byte."""
    place = body.find(_PERSONAL)
    return body if place < 0 else f"{body[:place]}{_END}"


def _with_personal(plain: str, order: OrderView, ticket_id: str | None) -> str:
    free_bytes = payload.BODY_BYTES_MAX - len(plain.encode()) - len(_PERSONAL)
    personal = personal_data_of(order, ticket_id, free_bytes)
    return f"{plain.removesuffix(_END)}{_PERSONAL}{personal.model_dump_json()}{_END}"


def id_of(domain_event_id: UUID, event_type: EventType) -> UUID:
    """Return the id of a public event, which is the same every time it is made."""
    return uuid5(domain_event_id, event_type.value)
