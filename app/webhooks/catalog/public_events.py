"""What one domain event announces to others: of orders with how they stand, else by itself."""

from dataclasses import dataclass
from typing import assert_never

from app.domain.funds.events import (
    AccountToppedUp,
    ArrearsCollected,
    CashWithdrawn,
    DepositFellBelowRequired,
    DepositRequired,
    DepositRestored,
    FundingReversed,
    FundsEvent,
    MerchantFundsInsufficient,
    PayoutFundsReserved,
    RefundFundsReserved,
    RefundPaidOut,
    RestrictionLifted,
    SettlementReceived,
    ShopRestricted,
)
from app.domain.order.entries import EntryEvent
from app.domain.order.events import OrderEvent
from app.domain.order.registration import FactEvent
from app.domain.webhook_endpoints import (
    DisabledReason,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointEvent,
)
from app.projections.orders.view import OrderView
from app.webhooks.catalog.event_types import EventType
from app.webhooks.catalog.payload_mapping import shown_order, shown_ticket
from app.webhooks.catalog.payloads import (
    DepositEventData,
    EntryEventData,
    EventData,
    FundsInsufficientData,
    RestrictionEventData,
    TicketEventData,
    WebhookEndpointEventData,
)
from app.webhooks.catalog.public_types import PRIVATE, entry_type, fact_types, ticket_types


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One public event in the making: its name, what it carries, what it is about."""

    type: EventType
    data: EventData
    order_id: str | None = None
    ticket_id: str | None = None


def announced_of_order(
    event: OrderEvent, before: OrderView | None, after: OrderView
) -> tuple[Announcement, ...]:
    """Return what an event of an order announces, given the order before and after it."""
    order_id = after.facts.order_id
    if isinstance(event, FactEvent):
        return fact_types(event)
    if isinstance(event, EntryEvent):
        data = EntryEventData(order=shown_order(after))
        return (Announcement(type=entry_type(event), data=data, order_id=order_id),)
    ticket = after.ticket(event.ticket_id)
    if ticket is None:
        return ()
    earlier = None if before is None else before.ticket(event.ticket_id)
    types = ticket_types(event, None if earlier is None else earlier.state, ticket.state)
    shown = TicketEventData(order=shown_order(after), ticket=shown_ticket(ticket))
    return tuple(
        Announcement(type=each, data=shown, order_id=order_id, ticket_id=ticket.ticket_id)
        for each in types
    )


def announced_of_funds(event: FundsEvent) -> Announcement | None:
    """Return what an event of a shop's money announces; None where it is private."""
    match event:
        case MerchantFundsInsufficient():
            return _insufficient(event)
        case DepositFellBelowRequired(deposit=deposit, level=level):
            below = DepositEventData(deposit=deposit, required=level)
            return Announcement(type=EventType.DEPOSIT_BELOW_REQUIRED, data=below)
        case DepositRestored(deposit=deposit, level=level):
            restored = DepositEventData(deposit=deposit, required=level)
            return Announcement(type=EventType.DEPOSIT_RESTORED, data=restored)
        case ShopRestricted(arrears=arrears, limit=limit):
            restricted = RestrictionEventData(arrears=arrears, arrears_limit=limit)
            return Announcement(type=EventType.SHOP_RESTRICTED, data=restricted)
        case RestrictionLifted(arrears=arrears):
            lifted = RestrictionEventData(arrears=arrears, arrears_limit=None)
            return Announcement(type=EventType.SHOP_RESTRICTION_LIFTED, data=lifted)
        case RefundFundsReserved() | PayoutFundsReserved() | RefundPaidOut() | FundingReversed():
            return PRIVATE  # the ticket's own events tell it
        case SettlementReceived() | AccountToppedUp() | ArrearsCollected() | CashWithdrawn():
            return PRIVATE  # movements are in the ledger
        case DepositRequired():
            return PRIVATE  # the platform set it itself
        case _:
            assert_never(event)


def announced_of_endpoint(event: WebhookEndpointEvent) -> Announcement:
    """Return what an event of a webhook endpoint announces."""
    match event:
        case WebhookEndpointDisabled(reason=reason):
            return _of_endpoint(EventType.WEBHOOK_ENDPOINT_DISABLED, event, reason)
        case WebhookEndpointEnabled():
            return _of_endpoint(EventType.WEBHOOK_ENDPOINT_ENABLED, event, None)
        case _:
            assert_never(event)


def _of_endpoint(
    event_type: EventType, event: WebhookEndpointEvent, reason: DisabledReason | None
) -> Announcement:
    data = WebhookEndpointEventData(
        endpoint_id=event.endpoint_id,
        url=event.url,
        disabled_reason=None if reason is None else reason.value,
    )
    return Announcement(type=event_type, data=data)


def _insufficient(event: MerchantFundsInsufficient) -> Announcement:
    data = FundsInsufficientData(
        refund_key=event.refund_key,
        order_id=event.order_id,
        ticket_id=event.ticket_id,
        amount=event.amount,
        cash_available=event.cash_available,
        deposit_available=event.deposit_available,
    )
    return Announcement(
        type=EventType.FUNDS_INSUFFICIENT,
        data=data,
        order_id=event.order_id,
        ticket_id=event.ticket_id,
    )
