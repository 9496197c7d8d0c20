"""What the operation log says of each event: a stable code, what it is about, and the facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from app.domain.order.events import (
    AfterSalesEntryExpired,
    AfterSalesEntryExpiring,
    AfterSalesEntryOpened,
    ApplicationAgreed,
    ApplicationRejected,
    EntryEvent,
    EntryReopeningDeclined,
    EntryReopeningRequested,
    FactEvent,
    OrderEvent,
    OrderRegistered,
    OrderSettled,
    OrderShipped,
    ReceiptConfirmed,
    RefundSucceeded,
    TicketChange,
    TicketClosed,
    TicketCreated,
    TicketEvent,
)
from app.domain.order.tickets import CloseCause, Due
from app.read_models.order_view import EntryState
from app.read_models.texts import instant_text

ORDER_SUBJECT = "order"
ENTRY_SUBJECT = "entry"


class LogCode(StrEnum):
    """The stable name of what happened. The list only grows."""

    ORDER_REGISTERED = "order_registered"
    ORDER_SHIPPED = "order_shipped"
    RECEIPT_CONFIRMED = "receipt_confirmed"
    ORDER_SETTLED = "order_settled"
    ENTRY_OPENED = "entry_opened"
    ENTRY_EXPIRING = "entry_expiring"
    ENTRY_EXPIRED = "entry_expired"
    ENTRY_EXPIRED_UNUSED = "entry_expired_unused"
    REOPENING_REQUESTED = "reopening_requested"
    REOPENING_DECLINED = "reopening_declined"
    TICKET_CREATED = "ticket_created"
    OVERDUE_TICKET_CREATED = "overdue_ticket_created"
    APPLICATION_AGREED = "application_agreed"
    APPLICATION_AGREED_AUTOMATICALLY = "application_agreed_automatically"
    APPLICATION_REJECTED = "application_rejected"
    APPLICATION_WITHDRAWN = "application_withdrawn"
    TICKET_CLOSED = "ticket_closed"
    REFUND_SUCCEEDED = "refund_succeeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFacts:
    """The part of a log line that comes from the event itself."""

    code: LogCode
    subject: str
    after: str | None
    params: Mapping[str, JsonValue]


def facts_of(event: OrderEvent) -> LogFacts:
    """Return what the log says of an event."""
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
        case (
            TicketCreated()
            | ApplicationAgreed()
            | ApplicationRejected()
            | TicketClosed()
            | RefundSucceeded()
        ):
            return _of_ticket(event)
        case _:
            assert_never(event)


Params = dict[str, JsonValue]


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
        "acknowledged_cost": to_jsonable_python(event.acknowledged_cost),
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


def _of_ticket(event: TicketEvent) -> LogFacts:
    params: Params = {"ticket_id": event.ticket_id, "due": _due(event.due)}
    code, facts = _of_creation(event) if isinstance(event, TicketCreated) else _of_change(event)
    return LogFacts(
        code=code, subject=event.ticket_id, after=event.state.value, params=params | facts
    )


def _of_creation(event: TicketCreated) -> tuple[LogCode, Params]:
    code = LogCode.OVERDUE_TICKET_CREATED if event.overdue else LogCode.TICKET_CREATED
    return code, {
        "type": event.type.value,
        "items": to_jsonable_python(event.items),
        "amount": event.amount,
        "currency": event.currency,
        "application_reason": event.reason.value,
        "description": event.description,
        "overdue": event.overdue,
        "generation": event.entry_generation,
    }


def _of_change(event: TicketChange) -> tuple[LogCode, Params]:
    match event:
        case ApplicationAgreed(automatic=True):
            return LogCode.APPLICATION_AGREED_AUTOMATICALLY, {}
        case ApplicationAgreed():
            return LogCode.APPLICATION_AGREED, {}
        case ApplicationRejected():
            return LogCode.APPLICATION_REJECTED, {
                "reject_reason": event.reason.value,
                "note": event.note,
                "evidence": list(event.evidence),
            }
        case TicketClosed(cause=CloseCause.WITHDRAWN):
            return LogCode.APPLICATION_WITHDRAWN, {}
        case TicketClosed():
            return LogCode.TICKET_CLOSED, {"close_cause": event.cause.value}
        case RefundSucceeded():
            return LogCode.REFUND_SUCCEEDED, {"amount": event.amount, "currency": event.currency}
        case _:
            assert_never(event)


def _due(due: Due | None) -> JsonValue:
    return None if due is None else {"at": instant_text(due.at), "action": due.action.value}
