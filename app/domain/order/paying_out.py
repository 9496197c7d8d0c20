"""Advance payouts: to another account of the buyer, once the provider has refused the refund.

One at a time, and none while anything about the money is unknown. Above an amount a second person
must approve. Asking twice moves nothing twice.
"""

from datetime import datetime
from typing import assert_never

from app.domain.order.commission_split import shares_of_payout
from app.domain.order.decision import Decision
from app.domain.order.payout_commands import (
    ApproveAdvancePayout,
    DeclineAdvancePayout,
    PayoutCommand,
    PayoutDecision,
    PayoutReport,
    RecordPayoutRefusal,
    RecordPayoutSuccess,
    RecordPayoutUnknown,
    StartAdvancePayout,
)
from app.domain.order.payout_events import (
    AdvancePayoutDeclined,
    AdvancePayoutOutcomeUnknown,
    AdvancePayoutPaid,
    AdvancePayoutRefused,
    AdvancePayoutRequested,
    AdvancePayoutStarted,
)
from app.domain.order.state import Order
from app.domain.order.tickets import Payout, Ticket, TicketState
from app.domain.policy import Policy
from app.domain.refunds import KEY_OF_ANOTHER, PayoutStatus, RefundStatus
from app.domain.rejections import Rejection, RejectionCode, reject

_ON_ITS_WAY = frozenset({PayoutStatus.STARTED, PayoutStatus.UNKNOWN})
_UNDER_WAY = _ON_ITS_WAY | {PayoutStatus.REQUESTED}


def decide_payout(command: PayoutCommand, order: Order, now: datetime, policy: Policy) -> Decision:
    """Decide on a payout of one ticket of the order."""
    ticket = order.tickets.get(command.ticket_id)
    if ticket is None:
        return reject(RejectionCode.TICKET_NOT_FOUND)
    if isinstance(command, PayoutDecision):
        if not ticket.active:
            return reject(RejectionCode.TICKET_FINAL, state=ticket.state.value)
        return _decide(command, ticket, order, now, policy)
    return _report(command, ticket, order, now)


def _decide(
    command: PayoutDecision, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision:
    match command:
        case StartAdvancePayout():
            if ticket.payout(command.payout_key) is not None:
                return ()
            refusal = _not_startable(ticket, policy)
            return _request(command, ticket, order, now, policy) if refusal is None else refusal
        case ApproveAdvancePayout():
            waiting = _waiting(ticket, command.payout_key)
            if isinstance(waiting, Rejection):
                return waiting
            if command.approved_by == waiting.requested_by:
                return reject(RejectionCode.PAYOUT_APPROVED_BY_REQUESTER)
            return (_started(waiting.payout_key, ticket, order, now, command.approved_by),)
        case DeclineAdvancePayout():
            waiting = _waiting(ticket, command.payout_key)
            if isinstance(waiting, Rejection):
                return waiting
            return (_declined(command, ticket, order, now),)
        case _:
            assert_never(command)


def _not_startable(ticket: Ticket, policy: Policy) -> Rejection | None:
    """Return why no payout can be started, or None. A refund not refused may still be paid."""
    refund, last = ticket.refund, ticket.last_payout
    if refund is None or refund.status is not RefundStatus.REFUSED:
        status = None if refund is None else refund.status.value
        return reject(RejectionCode.REFUND_NOT_REFUSED, state=ticket.state.value, refund=status)
    if last is not None and last.status in _UNDER_WAY:
        return reject(RejectionCode.PAYOUT_UNDER_WAY, status=last.status.value)
    if len(ticket.payouts) >= policy.payouts_max:
        return reject(RejectionCode.PAYOUT_LIMIT_REACHED, limit=policy.payouts_max)
    return None


def _request(
    command: StartAdvancePayout, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision:
    needs_approval = ticket.amount > policy.payout_dual_control_above
    requested = AdvancePayoutRequested(
        at=now,
        ticket_id=ticket.ticket_id,
        buyer_id=order.facts.buyer_id,
        payout_key=command.payout_key,
        payee=command.payee,
        amount=ticket.amount,
        currency=order.facts.payment.amount.currency,
        note=command.note,
        requested_by=command.requested_by,
        needs_approval=needs_approval,
        state=ticket.state,
        due=None,
    )
    if needs_approval:
        return (requested,)
    return requested, _started(command.payout_key, ticket, order, now, approved_by=None)


def _waiting(ticket: Ticket, payout_key: str) -> Payout | Rejection:
    payout = ticket.payout(payout_key)
    if payout is None:
        return reject(RejectionCode.PAYOUT_NOT_FOUND)
    if payout.status is not PayoutStatus.REQUESTED:
        return reject(RejectionCode.PAYOUT_NOT_AWAITING_APPROVAL, status=payout.status.value)
    return payout


def _started(
    payout_key: str, ticket: Ticket, order: Order, now: datetime, approved_by: str | None
) -> AdvancePayoutStarted:
    return AdvancePayoutStarted(
        at=now,
        ticket_id=ticket.ticket_id,
        buyer_id=order.facts.buyer_id,
        payout_key=payout_key,
        amount=ticket.amount,
        currency=order.facts.payment.amount.currency,
        approved_by=approved_by,
        shares=shares_of_payout(order, ticket),
        state=ticket.state,
        due=None,
    )


def _declined(
    command: DeclineAdvancePayout, ticket: Ticket, order: Order, now: datetime
) -> AdvancePayoutDeclined:
    return AdvancePayoutDeclined(
        at=now,
        ticket_id=ticket.ticket_id,
        buyer_id=order.facts.buyer_id,
        payout_key=command.payout_key,
        declined_by=command.declined_by,
        note=command.note,
        state=ticket.state,
        due=None,
    )


def _report(command: PayoutReport, ticket: Ticket, order: Order, now: datetime) -> Decision:
    """Take note of what became of a payout; what is known already changes nothing."""
    payout = ticket.payout(command.payout_key)
    if payout is None:
        return reject(RejectionCode.PAYOUT_NOT_FOUND)
    if payout.status is _status_told(command) and not _needs_a_person_now(command, payout):
        return ()
    if payout.status not in _ON_ITS_WAY:
        return reject(RejectionCode.PAYOUT_NOT_UNDER_WAY, status=payout.status.value)
    return (_told(command, ticket, order, now),)


def _needs_a_person_now(command: PayoutReport, payout: Payout) -> bool:
    """Whether it is told for the first time that the provider has another order under the key."""
    told = isinstance(command, RecordPayoutUnknown) and command.why == KEY_OF_ANOTHER
    return told and not payout.key_of_another


def _status_told(command: PayoutReport) -> PayoutStatus:
    match command:
        case RecordPayoutUnknown():
            return PayoutStatus.UNKNOWN
        case RecordPayoutRefusal():
            return PayoutStatus.REFUSED
        case RecordPayoutSuccess():
            return PayoutStatus.PAID
        case _:
            assert_never(command)


def _told(
    command: PayoutReport, ticket: Ticket, order: Order, now: datetime
) -> AdvancePayoutOutcomeUnknown | AdvancePayoutRefused | AdvancePayoutPaid:
    match command:
        case RecordPayoutUnknown():
            return AdvancePayoutOutcomeUnknown(
                at=now,
                ticket_id=ticket.ticket_id,
                buyer_id=order.facts.buyer_id,
                payout_key=command.payout_key,
                why=command.why,
                state=ticket.state,
                due=None,
            )
        case RecordPayoutRefusal():
            return AdvancePayoutRefused(
                at=now,
                ticket_id=ticket.ticket_id,
                buyer_id=order.facts.buyer_id,
                payout_key=command.payout_key,
                refusal=command.refusal,
                provider_text=command.provider_text,
                state=ticket.state,
                due=None,
            )
        case RecordPayoutSuccess():
            return AdvancePayoutPaid(
                at=now,
                ticket_id=ticket.ticket_id,
                buyer_id=order.facts.buyer_id,
                payout_key=command.payout_key,
                items=ticket.items,
                amount=ticket.amount,
                currency=order.facts.payment.amount.currency,
                provider_reference=command.provider_reference,
                state=TicketState.SUCCEEDED,
                due=None,
            )
        case _:
            assert_never(command)
