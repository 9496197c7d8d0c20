"""The domain events the log knows, by their stored names.

To add an event: write it in app/domain/order/events.py and add it to ``OrderEvent``; it is stored
under its class name at schema version 1. To change one, raise its version in SCHEMA_VERSIONS and
add the upcaster that lifts the version before.
"""

from collections.abc import Mapping
from typing import get_args

from app.domain.order.events import OrderEvent
from app.domain.order.ticket_events import ApplicationAgreed, ApplicationRejected, TicketCreated
from app.event_store.codec import Codec, EventType, Upcaster
from app.event_store.upcasters import (
    application_agreed_v2,
    application_rejected_v2,
    ticket_created_v2,
)

ORDER_EVENT_TYPES: tuple[type[OrderEvent], ...] = get_args(OrderEvent)
"""Every event class of an order's stream."""

SCHEMA_VERSIONS: Mapping[type[OrderEvent], int] = {
    TicketCreated: 2,
    ApplicationAgreed: 2,
    ApplicationRejected: 2,
}
"""Events whose payload has changed since their first release; all others are at version 1."""

UPCASTERS: Mapping[tuple[str, int], Upcaster] = {
    ("TicketCreated", 1): ticket_created_v2,
    ("ApplicationAgreed", 1): application_agreed_v2,
    ("ApplicationRejected", 1): application_rejected_v2,
}
"""From (event name, version) to the function that makes the next version of a payload."""


def order_codec() -> Codec[OrderEvent]:
    """Build the codec of the service's log."""
    event_types = {
        cls.__name__: EventType(cls, SCHEMA_VERSIONS.get(cls, 1)) for cls in ORDER_EVENT_TYPES
    }
    return Codec(event_types, UPCASTERS)
