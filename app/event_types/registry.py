"""The domain events the log knows, by their stored names.

To add an event: write it in app/domain/order/events.py and add it to ``OrderEvent``, or to what
another kind of stream holds; it is stored under its class name at schema version 1. To change one,
raise its version in SCHEMA_VERSIONS and add the upcaster that lifts the version before. Upcasters
are pure; what was not known then is None or empty.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, get_args

from app.domain.funds.events import FundsEvent
from app.domain.order.answers import ApplicationAgreed, ApplicationRejected
from app.domain.order.applications import TicketCreated
from app.domain.order.entries import AfterSalesEntryOpened
from app.domain.order.events import OrderEvent
from app.domain.order.refunds import RefundFunded, RefundSucceeded
from app.domain.order.returns import ReturnReceived
from app.domain.webhook_endpoints import WebhookEndpointEvent
from app.event_store.codec import Codec, EventType, Upcaster

Payload = dict[str, Any]


def after_sales_entry_opened_v2(payload: Payload) -> Payload:
    """Version 2 knows which source would have paid; the merchant always bore the whole."""
    cost = payload["acknowledged_cost"]
    seen = {**cost, "source": None, "borne": cost["refundable"], "shortfall": None}
    return {**payload, "acknowledged_cost": seen}


def with_acknowledged_cost(payload: Payload) -> Payload:
    """Lift to the version that knows which cost was acknowledged: none was."""
    return {**payload, "acknowledged_cost": None}


def ticket_created_v2(payload: Payload) -> Payload:
    """Version 2 knows reminders of deadlines, and evidence given with an application."""
    return {**_with_reminder(payload), "evidence": []}


def application_agreed_v2(payload: Payload) -> Payload:
    """Version 2 knows reminders, agreement without return, and the assistant's rules."""
    return {**_with_reminder(payload), "without_return": False, "rule": None}


def application_rejected_v2(payload: Payload) -> Payload:
    """Version 2 knows reminders, and type and size of each piece of evidence."""
    evidence = [{"url": url, "media_type": None, "size_bytes": None} for url in payload["evidence"]]
    return {**_with_reminder(payload), "evidence": evidence}


def refund_funded_v2(payload: Payload) -> Payload:
    """Version 2 knows the cost that was acknowledged before: none was held against it."""
    return {**payload, "preview": None}


def refund_succeeded_v2(payload: Payload) -> Payload:
    """Version 2 knows the refund's key, the source that paid, and the provider's reference."""
    return {**payload, "refund_key": None, "source": None, "provider_reference": None}


def _with_reminder(payload: Payload) -> Payload:
    due = payload["due"]
    return payload if due is None else {**payload, "due": {**due, "remind_at": None}}


ORDER_EVENT_TYPES: tuple[type[OrderEvent], ...] = get_args(OrderEvent)
"""Every event class of an order's stream."""

FUNDS_EVENT_TYPES: tuple[type[FundsEvent], ...] = get_args(FundsEvent)
"""Every event class of a shop's funds stream."""

ENDPOINT_EVENT_TYPES: tuple[type[WebhookEndpointEvent], ...] = get_args(WebhookEndpointEvent)
"""Every event class of a webhook endpoint's stream."""

ServiceEvent = OrderEvent | FundsEvent | WebhookEndpointEvent
"""Every event there can be in the log."""

SCHEMA_VERSIONS: Mapping[type[ServiceEvent], int] = {
    AfterSalesEntryOpened: 2,
    TicketCreated: 2,
    ApplicationAgreed: 3,
    ApplicationRejected: 2,
    ReturnReceived: 2,
    RefundFunded: 2,
    RefundSucceeded: 2,
}
"""Events whose payload has changed since their first release; all others are at version 1."""

UPCASTERS: Mapping[tuple[str, int], Upcaster] = {
    ("AfterSalesEntryOpened", 1): after_sales_entry_opened_v2,
    ("TicketCreated", 1): ticket_created_v2,
    ("ApplicationAgreed", 1): application_agreed_v2,
    ("ApplicationAgreed", 2): with_acknowledged_cost,
    ("ApplicationRejected", 1): application_rejected_v2,
    ("ReturnReceived", 1): with_acknowledged_cost,
    ("RefundFunded", 1): refund_funded_v2,
    ("RefundSucceeded", 1): refund_succeeded_v2,
}
"""From (event name, version) to the function that makes the next version of a payload."""


@cache  # building one takes a tenth of a second and a megabyte
def event_codec() -> Codec[ServiceEvent]:
    """Return the codec of the whole log."""
    classes = (*ORDER_EVENT_TYPES, *FUNDS_EVENT_TYPES, *ENDPOINT_EVENT_TYPES)
    return Codec(_types(*classes), UPCASTERS)


@cache
def order_codec() -> Codec[OrderEvent]:
    """Return the codec of orders' streams."""
    return Codec(_types(*ORDER_EVENT_TYPES), UPCASTERS)


@cache
def funds_codec() -> Codec[FundsEvent]:
    """Return the codec of funds' streams."""
    return Codec(_types(*FUNDS_EVENT_TYPES))


@cache
def endpoint_codec() -> Codec[WebhookEndpointEvent]:
    """Return the codec of webhook endpoints' streams."""
    return Codec(_types(*ENDPOINT_EVENT_TYPES))


def _types(*classes: type[ServiceEvent]) -> dict[str, EventType]:
    return {cls.__name__: EventType(cls, SCHEMA_VERSIONS.get(cls, 1)) for cls in classes}
