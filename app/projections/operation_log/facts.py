"""What the operation log says of each event: a stable code, what it is about, and the facts."""

from typing import assert_never

from app.domain.order.entries import (
    AfterSalesEntryExpired,
    AfterSalesEntryExpiring,
    AfterSalesEntryOpened,
    EntryEvent,
    EntryReopeningDeclined,
    EntryReopeningRequested,
)
from app.domain.order.events import OrderEvent, TicketEvent
from app.domain.order.registration import (
    FactEvent,
    OrderRegistered,
    OrderSettled,
    OrderShipped,
    ReceiptConfirmed,
)
from app.projections.operation_log.codes import LogCode, LogFacts, Params, cost_facts
from app.projections.operation_log.ticket_facts import ticket_facts
from app.projections.orders.view import EntryState
from app.projections.texts import instant_text

ORDER_SUBJECT = "order"
ENTRY_SUBJECT = "entry"


def facts_of(event: OrderEvent) -> LogFacts:
    """Return what the log says of an event."""
    if isinstance(event, TicketEvent):
        return ticket_facts(event)
    match event:
        case OrderRegistered() | OrderShipped() | ReceiptConfirmed() | OrderSettled():
            code, params = _of_fact(event)
            return LogFacts(code=code, subject=ORDER_SUBJECT, after=None, params=params)
        case (
            AfterSalesEntryOpened()
            | AfterSalesEntryExpiring()
            | AfterSalesEntryExpired()
            | EntryReopeningRequested()
            | EntryReopeningDeclined()
        ):
            code, state, params = _of_entry(event)
            return LogFacts(code=code, subject=ENTRY_SUBJECT, after=state.value, params=params)
        case _:
            assert_never(event)


def _of_fact(event: FactEvent) -> tuple[LogCode, Params]:
    match event:
        case OrderRegistered(facts=facts):
            amount = facts.payment.amount
            return LogCode.ORDER_REGISTERED, {
                "buyer_id": facts.buyer_id,
                "created_at": instant_text(facts.created_at),
                "amount": amount.amount,
                "currency": amount.currency,
            }
        case OrderShipped():
            return LogCode.ORDER_SHIPPED, {"shipped_at": instant_text(event.shipped_at)}
        case ReceiptConfirmed():
            return LogCode.RECEIPT_CONFIRMED, {"confirmed_at": instant_text(event.confirmed_at)}
        case OrderSettled():
            return LogCode.ORDER_SETTLED, {"settled_at": instant_text(event.settled_at)}
        case _:
            assert_never(event)


def _of_entry(event: EntryEvent) -> tuple[LogCode, EntryState, Params]:
    params: Params = {"generation": event.generation}
    match event:
        case AfterSalesEntryOpened():
            return LogCode.ENTRY_OPENED, EntryState.OPEN, params | _opening(event)
        case AfterSalesEntryExpiring():
            expires: Params = {"expires_at": instant_text(event.expires_at)}
            return LogCode.ENTRY_EXPIRING, EntryState.OPEN, params | expires
        case AfterSalesEntryExpired():
            code = LogCode.ENTRY_EXPIRED if event.used else LogCode.ENTRY_EXPIRED_UNUSED
            return code, EntryState.CLOSED, params | {"used": event.used}
        case EntryReopeningRequested():
            return LogCode.REOPENING_REQUESTED, EntryState.CLOSED, params | {"note": event.note}
        case EntryReopeningDeclined():
            why: Params = {"decline_reason": event.reason.value, "note": event.note}
            return LogCode.REOPENING_DECLINED, EntryState.CLOSED, params | why
        case _:
            assert_never(event)


def _opening(event: AfterSalesEntryOpened) -> Params:
    return {
        "expires_at": instant_text(event.expires_at),
        "acknowledged_cost": cost_facts(event.acknowledged_cost),
        "policy_version": event.verdict.policy_version,
        "rules": [
            {
                "code": rule.code.value,
                "passed": rule.passed,
                "observed": rule.observed,
                "threshold": rule.threshold,
            }
            for rule in event.verdict.rules
        ],
    }
