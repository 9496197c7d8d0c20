"""An example of every public event, as it would be sent."""

import json
from typing import Any
from uuid import UUID

from app.event_store.recorded_event import ClockKind
from app.event_store.streams import endpoint_stream, funds_stream, order_stream
from app.reactions.public_types import EventType
from app.webhooks.catalog.payloads import (
    EntryEventData,
    EventData,
    TicketEventData,
    WebhookEndpointEventData,
)
from app.webhooks.catalog.public_event import PublicEvent, id_of
from app.webhooks.catalog.sample_data import AT, ORDER, SHOP, sample_data_of

_DOMAIN_EVENT = UUID("01993c0e-7c00-7000-8000-000000000000")


def example_of(event_type: EventType) -> dict[str, Any]:
    """Return a body as it is sent, read as JSON."""
    data = sample_data_of(event_type)
    of_order = isinstance(data, EntryEventData | TicketEventData)
    event = PublicEvent(
        event_id=id_of(_DOMAIN_EVENT, event_type),
        type=event_type,
        shop_id=SHOP,
        partition_id=0,
        position=1,
        ordinal=0,
        occurred_at=AT,
        stream_id=_stream_of(data),
        version=5,
        order_id=ORDER if of_order else None,
        ticket_id=data.ticket.ticket_id if isinstance(data, TicketEventData) else None,
        caused_by="merchant" if of_order else "system",
        clock=ClockKind.SYSTEM,
        data=data,
    )
    body: dict[str, Any] = json.loads(event.body())
    return body


def _stream_of(data: EventData) -> str:
    if isinstance(data, EntryEventData | TicketEventData):
        return order_stream(SHOP, ORDER)
    if isinstance(data, WebhookEndpointEventData):
        return endpoint_stream(SHOP, data.endpoint_id)
    return funds_stream(SHOP)
