"""The data of the examples of public events."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeVar

from app.reactions.public_types import EventType
from app.webhooks.catalog import payloads
from app.webhooks.catalog.payload import Payload

P = TypeVar("P", bound=Payload)

SHOP, ORDER, TICKET = "shop-1", "order-1001", "order-1001-1"
AT = datetime(2026, 9, 12, 2, 0, tzinfo=UTC)
_DAY = timedelta(days=1)
_REFUND_KEY = f"{SHOP}/{TICKET}"


def _with(model: P, **changes: Any) -> P:
    return model.model_copy(update=changes)


def _money(amount: int) -> payloads.EventMoney:
    return payloads.EventMoney(amount=amount, currency="CNY")


_ENTRY = payloads.EventEntry(
    state="open",
    generation=1,
    opened_at=AT,
    expires_at=AT + 5 * _DAY,
    used=False,
    closed_at=None,
    reopening_requested=False,
    decline_reason=None,
)
_CLOSED = _with(_ENTRY, state="closed", closed_at=AT + 5 * _DAY)
_ENTRIES: Mapping[EventType, payloads.EventEntry] = MappingProxyType(
    {
        EventType.ENTRY_OPENED: _ENTRY,
        EventType.ENTRY_EXPIRING: _ENTRY,
        EventType.ENTRY_EXPIRED: _CLOSED,
        EventType.ENTRY_REOPENING_REQUESTED: _with(_CLOSED, reopening_requested=True),
        EventType.ENTRY_REOPENING_DECLINED: _with(_CLOSED, decline_reason="settled_otherwise"),
    }
)

_WAITING = payloads.EventTicket(
    ticket_id=TICKET,
    version=5,
    type="return_and_refund",
    state="pending_merchant",
    waiting_for="merchant",
    overdue=True,
    entry_generation=1,
    reason="quality_problem",
    items=[payloads.EventTicketItem(item_id="item-1", quantity=1, amount=6000)],
    amount=_money(6000),
    modifications=0,
    due=payloads.EventDue(at=AT + 2 * _DAY, action="agree"),
    agreed_automatically=None,
    agreed_without_return=None,
    rejection_reason=None,
    returned_goods_rejection_reason=None,
    return_carrier=None,
    replacement_carrier=None,
    arbitration=None,
    close_cause=None,
    refund=None,
    advance_payout=None,
    refunded=_money(0),
)


def _now(
    ticket: payloads.EventTicket, state: str, waiting_for: str | None, **changes: Any
) -> payloads.EventTicket:
    return ticket.model_copy(
        update={"state": state, "waiting_for": waiting_for, "due": None, **changes}
    )


def _due(action: str, days: int) -> payloads.EventDue:
    return payloads.EventDue(at=AT + days * _DAY, action=action)


_AGREED = _now(
    _WAITING,
    "awaiting_return",
    "consumer",
    agreed_automatically=False,
    agreed_without_return=False,
    due=_due("close", 7),
)
_SENT_BACK = _now(
    _AGREED,
    "awaiting_merchant_receipt",
    "merchant",
    return_carrier="sf",
    due=_due("confirm_return", 10),
)
_REFUNDING = _now(_SENT_BACK, "refunding", "platform")
_REJECTED = _now(
    _WAITING, "rejected", "consumer", rejection_reason="no_evidence", due=_due("close", 7)
)
_DISPUTE = payloads.EventArbitration(
    number=1, cause="buyer_request", withdrawn=False, ruling=None, blame=None, granted=None
)
_DISPUTED = _now(
    _REJECTED, "in_arbitration", "merchant", arbitration=_DISPUTE, due=_due("rule_for_buyer", 7)
)
_SENDING = _now(
    _WAITING,
    "awaiting_replacement",
    "merchant",
    type="reissue",
    amount=_money(0),
    items=[payloads.EventTicketItem(item_id="item-1", quantity=1, amount=0)],
    agreed_automatically=False,
    agreed_without_return=False,
    due=_due("escalate", 2),
)
_SENT = _now(
    _SENDING,
    "awaiting_buyer_receipt",
    "consumer",
    replacement_carrier="zto",
    due=_due("complete", 7),
)
_FUNDED = payloads.EventRefund(
    refund_key=_REFUND_KEY, status="funded", source="cash", funds_insufficient=False, refusal=None
)


def _refund(**changes: Any) -> payloads.EventTicket:
    return _now(_REFUNDING, "refunding", "platform", refund=_FUNDED.model_copy(update=changes))


_PAID = _now(
    _REFUNDING, "succeeded", None, refund=_with(_FUNDED, status="succeeded"), refunded=_money(6000)
)
_FAILED = _refund(status="refused", refusal="buyer_account_closed")


def _payout(status: str, refusal: str | None = None) -> payloads.EventTicket:
    payout_key = f"{_REFUND_KEY}/0193d2a41c0e7f3b8a5d6c7e8f901234"
    payout = payloads.EventPayout(payout_key=payout_key, status=status, refusal=refusal)
    return _with(_FAILED, advance_payout=payout)


_PAID_OUT = _now(
    _payout("paid"),
    "succeeded",
    None,
    refund=_with(
        _FUNDED, status="succeeded", source="platform_advance", refusal="buyer_account_closed"
    ),
    refunded=_money(6000),
)
_TICKETS: Mapping[EventType, payloads.EventTicket] = MappingProxyType(
    {
        EventType.TICKET_MODIFIED: _with(_WAITING, modifications=1),
        EventType.TICKET_AGREED: _AGREED,
        EventType.TICKET_REJECTED: _REJECTED,
        EventType.TICKET_REJECTION_REVERSED: _with(
            _AGREED, agreed_automatically=None, rejection_reason="no_evidence"
        ),
        EventType.TICKET_RETURN_SHIPPED: _SENT_BACK,
        EventType.TICKET_RETURN_CORRECTED: _SENT_BACK,
        EventType.TICKET_RETURN_EXTENDED: _with(_AGREED, due=_due("close", 10)),
        EventType.TICKET_RETURN_RECEIVED: _REFUNDING,
        EventType.TICKET_RETURN_REJECTED: _now(
            _SENT_BACK,
            "rejected_after_return",
            "consumer",
            returned_goods_rejection_reason="return_damaged",
            due=_due("close", 7),
        ),
        EventType.TICKET_REPLACEMENT_SHIPPED: _SENT,
        EventType.TICKET_ARBITRATION_REQUESTED: _DISPUTED,
        EventType.TICKET_ESCALATED: _now(
            _SENDING,
            "in_arbitration",
            "merchant",
            arbitration=_with(_DISPUTE, cause="replacement_not_shipped"),
            due=_due("rule_for_buyer", 7),
        ),
        EventType.TICKET_EVIDENCE_SUBMITTED: _now(_DISPUTED, "in_arbitration", "platform"),
        EventType.TICKET_RULED: _now(
            _DISPUTED,
            "refunding",
            "platform",
            arbitration=_with(_DISPUTE, ruling="for_buyer", blame="carrier", granted=_money(6000)),
        ),
        EventType.TICKET_ARBITRATION_WITHDRAWN: _with(
            _REJECTED, arbitration=_with(_DISPUTE, withdrawn=True)
        ),
        EventType.TICKET_SUCCEEDED: _PAID,
        EventType.TICKET_COMPLETED: _now(_SENT, "completed", None),
        EventType.TICKET_CLOSED: _now(_WAITING, "closed", None, close_cause="withdrawn"),
        EventType.REFUND_REQUESTED: _REFUNDING,
        EventType.REFUND_FUNDED: _refund(),
        EventType.REFUND_UNKNOWN: _refund(status="unknown"),
        EventType.REFUND_FAILED: _FAILED,
        EventType.REFUND_SUCCEEDED: _PAID,
        EventType.ADVANCE_PAYOUT_STARTED: _payout("started"),
        EventType.ADVANCE_PAYOUT_UNKNOWN: _payout("unknown"),
        EventType.ADVANCE_PAYOUT_FAILED: _payout("refused", refusal="payee_not_accepted"),
        EventType.ADVANCE_PAYOUT_PAID: _PAID_OUT,
    }
)
"""Types that are not here show a ticket that waits for the merchant."""
_FUNDS: Mapping[EventType, payloads.EventData] = MappingProxyType(
    {
        EventType.FUNDS_INSUFFICIENT: payloads.FundsInsufficientData(
            refund_key=_REFUND_KEY,
            order_id=ORDER,
            ticket_id=TICKET,
            amount=6000,
            cash_available=1200,
            deposit_available=3000,
        ),
        EventType.DEPOSIT_BELOW_REQUIRED: payloads.DepositEventData(
            deposit=180_000, required=200_000
        ),
        EventType.DEPOSIT_RESTORED: payloads.DepositEventData(deposit=200_000, required=200_000),
        EventType.SHOP_RESTRICTED: payloads.RestrictionEventData(
            arrears=120_000, arrears_limit=100_000
        ),
        EventType.SHOP_RESTRICTION_LIFTED: payloads.RestrictionEventData(
            arrears=0, arrears_limit=None
        ),
    }
)
_ENDPOINT = payloads.WebhookEndpointEventData(
    endpoint_id="01993c0e-7c00-7000-8000-0000000000aa",
    url="https://shop.example.com/hooks",
    disabled_reason=None,
)
_ENDPOINTS: Mapping[EventType, payloads.EventData] = MappingProxyType(
    {
        EventType.WEBHOOK_ENDPOINT_DISABLED: _with(_ENDPOINT, disabled_reason="failing_too_long"),
        EventType.WEBHOOK_ENDPOINT_ENABLED: _ENDPOINT,
    }
)


def sample_data_of(event_type: EventType) -> payloads.EventData:
    """Return the data of a type's example."""
    if event_type in _FUNDS:
        return _FUNDS[event_type]
    if event_type in _ENDPOINTS:
        return _ENDPOINTS[event_type]
    if event_type in _ENTRIES:
        return payloads.EntryEventData(order=_order(_ENTRIES[event_type], None))
    ticket = _TICKETS.get(event_type, _WAITING)
    used = _with(_ENTRY, used=True)
    return payloads.TicketEventData(order=_order(used, ticket), ticket=ticket)


def _order(entry: payloads.EventEntry, ticket: payloads.EventTicket | None) -> payloads.EventOrder:
    ended = ticket is None or ticket.waiting_for is None
    return payloads.EventOrder(
        order_id=ORDER,
        buyer_id="buyer-88",
        paid=_money(12_000),
        refunded=_money(0) if ticket is None else ticket.refunded,
        shipped_at=AT - 20 * _DAY,
        receipt_confirmed_at=AT - 15 * _DAY,
        settled_at=AT - 8 * _DAY,
        entry=entry,
        active_ticket_id=None if ended else TICKET,
    )
