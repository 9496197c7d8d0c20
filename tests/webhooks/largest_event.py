"""The largest public event there can be."""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from app.api.resources.ticket_bodies import REQUESTED_ITEMS_MAX
from app.domain.money import AMOUNT_MAX
from app.domain.order.tickets import (
    ArbitrationCause,
    Blame,
    CloseCause,
    DueAction,
    Ruling,
    Side,
    TicketState,
    TicketType,
)
from app.domain.reasons import ApplicationReason, DeclineReason, RejectReason
from app.domain.refunds import FundingSource, PayoutStatus, RefundRefusal, RefundStatus
from app.domain.shipments import Carrier
from app.event_store.recorded_event import ClockKind, Role
from app.event_store.streams import order_stream
from app.projections.orders.view import EntryState
from app.reactions.public_types import EventType
from app.webhooks.catalog.payloads import (
    EventArbitration,
    EventDue,
    EventEntry,
    EventMoney,
    EventOrder,
    EventPayout,
    EventRefund,
    EventTicket,
    EventTicketItem,
    TicketEventData,
)
from app.webhooks.catalog.public_event import PublicEvent

LONGEST_ID, LATE = "x" * 64, datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
LARGEST_NUMBER = 2**31 - 1


def largest_event() -> PublicEvent:
    """Return a public event all of whose fields are as long as they can be."""
    ticket_id = f"{LONGEST_ID}-99999"
    money = EventMoney(amount=AMOUNT_MAX, currency="CNY")
    order = EventOrder(
        order_id=LONGEST_ID,
        buyer_id=LONGEST_ID,
        paid=money,
        refunded=money,
        shipped_at=LATE,
        receipt_confirmed_at=LATE,
        settled_at=LATE,
        entry=EventEntry(
            state=_longest(EntryState),
            generation=LARGEST_NUMBER,
            opened_at=LATE,
            expires_at=LATE,
            used=False,
            closed_at=LATE,
            reopening_requested=False,
            decline_reason=_longest(DeclineReason),
        ),
        active_ticket_id=ticket_id,
    )
    item = EventTicketItem(item_id=LONGEST_ID, quantity=LARGEST_NUMBER, amount=AMOUNT_MAX)
    ticket = EventTicket(
        ticket_id=ticket_id,
        version=LARGEST_NUMBER,
        type=_longest(TicketType),
        state=_longest(TicketState),
        waiting_for=_longest(Side),
        overdue=False,
        entry_generation=LARGEST_NUMBER,
        reason=_longest(ApplicationReason),
        items=[item] * REQUESTED_ITEMS_MAX,
        amount=money,
        modifications=LARGEST_NUMBER,
        due=EventDue(at=LATE, action=_longest(DueAction)),
        agreed_automatically=False,
        agreed_without_return=False,
        rejection_reason=_longest(RejectReason),
        returned_goods_rejection_reason=_longest(RejectReason),
        return_carrier=_longest(Carrier),
        replacement_carrier=_longest(Carrier),
        arbitration=EventArbitration(
            number=LARGEST_NUMBER,
            cause=_longest(ArbitrationCause),
            withdrawn=False,
            ruling=_longest(Ruling),
            blame=_longest(Blame),
            granted=money,
        ),
        close_cause=_longest(CloseCause),
        refund=EventRefund(
            refund_key=f"{LONGEST_ID}:{ticket_id}",
            status=_longest(RefundStatus),
            source=_longest(FundingSource),
            funds_insufficient=False,
            refusal=_longest(RefundRefusal),
        ),
        advance_payout=EventPayout(
            payout_key=f"{LONGEST_ID}/{ticket_id}/{'f' * 32}",
            status=_longest(PayoutStatus),
            refusal=_longest(RefundRefusal),
        ),
        refunded=money,
    )
    return PublicEvent(
        event_id=UUID(int=2**128 - 1),
        type=max(EventType, key=len),
        shop_id=LONGEST_ID,
        partition_id=63,
        position=2**63 - 1,
        ordinal=1,
        occurred_at=LATE,
        stream_id=order_stream(LONGEST_ID, LONGEST_ID),
        version=LARGEST_NUMBER,
        order_id=LONGEST_ID,
        ticket_id=ticket_id,
        caused_by=_longest(Role),
        clock=ClockKind.SYSTEM,
        data=TicketEventData(order=order, ticket=ticket),
    )


def _longest(codes: type[StrEnum]) -> str:
    return max((code.value for code in codes), key=len)
