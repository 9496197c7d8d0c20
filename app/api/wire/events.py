"""Public events on the wire: in the feed, in its stream, and as webhooks send them."""

from collections.abc import Sequence
from typing import Any

from pydantic import ConfigDict
from pydantic_core import to_json

from app.api.wire import examples
from app.api.wire.common import ResponseModel
from app.webhooks.catalog.public_event import Envelope
from app.webhooks.feed.queries import FedEvent


class PublicEvent(Envelope):
    """Something that happened, with how things stood right after it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PUBLIC_EVENT]})

    data: dict[str, Any]
    """What it carries, by its type: see `webhooks` in this document."""


class EventPage(ResponseModel):
    """A page of a feed, in the order of the log: of one order, of one shop, always as it happened.

    Between shops there is no order.
    """

    events: list[PublicEvent]
    next_cursor: str
    """Where to go on: pass as `after`, now or at any later time. It is always there."""
    has_more: bool
    """Whether there may be more already. With `types` a page may be empty and there be more."""


def event_page(events: Sequence[FedEvent], next_cursor: str, *, has_more: bool) -> bytes:
    """Return an `EventPage` as JSON, put together from bodies as they are kept."""
    rest = to_json({"next_cursor": next_cursor, "has_more": has_more})
    return b'{"events":[%b],%b' % (",".join(event.body for event in events).encode(), rest[1:])
