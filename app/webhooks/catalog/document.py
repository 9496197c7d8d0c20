"""Public events in the OpenAPI document: a named model and an example for each type."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from pydantic import create_model

from app.event_store.recorded_event import ClockKind
from app.event_store.streams import endpoint_stream, funds_stream, order_stream
from app.reactions.public_types import EventType
from app.webhooks.catalog import payloads
from app.webhooks.catalog.payload import LATEST
from app.webhooks.catalog.public_event import Envelope, PublicEvent, id_of
from app.webhooks.catalog.sample_data import AT, ORDER, SHOP, sample_data_of

NOTICES = frozenset({EventType.WEBHOOK_ENDPOINT_DISABLED})
"""Types that platform endpoints also receive without a shop."""


def model_name(event_type: EventType) -> str:
    """Return the name of a type's model: `TicketRejectedEvent` of `ticket.rejected`."""
    words = event_type.value.replace(".", "_").split("_")
    return "".join(word.capitalize() for word in words) + "Event"


def data_model(event_type: EventType) -> type[payloads.EventData]:
    """Return the model of a type's `data`, by the noun of its name."""
    return _DATA[event_type.value.partition(".")[0]]


_DATA: Mapping[str, type[payloads.EventData]] = MappingProxyType(
    {
        "entry": payloads.EntryEventData,
        **dict.fromkeys(("ticket", "refund", "advance_payout"), payloads.TicketEventData),
        "funds": payloads.FundsInsufficientData,
        "deposit": payloads.DepositEventData,
        "shop": payloads.RestrictionEventData,
        "webhook_endpoint": payloads.WebhookEndpointEventData,
    }
)


def model_of(event_type: EventType) -> type[Envelope]:
    """Return the model of a type in the latest form: its name is fixed, and so is its data's."""
    named: Any = Literal[event_type.value]
    form: Any = Literal[LATEST.value]
    without_shop: Any = {"shop_id": (str | None, ...)} if event_type in NOTICES else {}
    return create_model(
        model_name(event_type),
        __base__=Envelope,
        __doc__=f"{event_type.text.en} ({event_type.text.zh_cn}).",
        type=(named, ...),
        api_version=(form, ...),
        data=(data_model(event_type), ...),
        **without_shop,
    )


_DOMAIN_EVENT = UUID("01993c0e-7c00-7000-8000-000000000000")


def example_of(event_type: EventType) -> dict[str, Any]:
    """Return the example of a body, as parsed JSON."""
    data = sample_data_of(event_type)
    of_order = isinstance(data, payloads.EntryEventData | payloads.TicketEventData)
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
        ticket_id=data.ticket.ticket_id if isinstance(data, payloads.TicketEventData) else None,
        caused_by="merchant" if of_order else "system",
        clock=ClockKind.SYSTEM,
        data=data,
    )
    body: dict[str, Any] = json.loads(event.body())
    return body


def _stream_of(data: payloads.EventData) -> str:
    if isinstance(data, payloads.EntryEventData | payloads.TicketEventData):
        return order_stream(SHOP, ORDER)
    if isinstance(data, payloads.WebhookEndpointEventData):
        return endpoint_stream(SHOP, data.endpoint_id)
    return funds_stream(SHOP)
