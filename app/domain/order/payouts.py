"""Advance payouts (先行赔付) to another account of the buyer, once the provider refused."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from app.domain.order.commission_split import shares_of_payout
from app.domain.order.state import Order, event_fields
from app.domain.order.tickets import (
    Payout,
    RequestedItem,
    Ticket,
    TicketEventFields,
    TicketState,
)
from app.domain.payees import SealedPayee
from app.domain.policy import Policy
from app.domain.refunds import KEY_OF_ANOTHER, PayoutStatus, RefundRefusal, RefundStatus, Shares
from app.domain.rejections import Decision, Rejection, RejectionCode, reject


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAdvancePayout:
    """Pay the money of a refused refund to another account of the buyer.

    ``payout_key`` is new for every payout and the same for its whole life; ``requested_by``: the
    id of the key or person that asks.
    """

    ticket_id: str
    payout_key: str
    payee: SealedPayee
    note: str | None
    requested_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveAdvancePayout:
    """Let a payout go that needs a second person."""

    ticket_id: str
    payout_key: str
    approved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineAdvancePayout:
    """Do not let it go; whoever asked for it may decline it too."""

    ticket_id: str
    payout_key: str
    declined_by: str
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayoutUnknown:
    """Take note that nobody knows yet whether a payout was paid."""

    ticket_id: str
    payout_key: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayoutRefusal:
    """Take note that the provider will never pay to this payee under this key."""

    ticket_id: str
    payout_key: str
    refusal: RefundRefusal
    provider_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayoutSuccess:
    """Take note that the buyer has the money."""

    ticket_id: str
    payout_key: str
    provider_reference: str


PayoutDecision = StartAdvancePayout | ApproveAdvancePayout | DeclineAdvancePayout
"""What people of the platform decide."""


PayoutReport = RecordPayoutUnknown | RecordPayoutRefusal | RecordPayoutSuccess
"""What is reported of a payout on its way."""


PayoutCommand = PayoutDecision | PayoutReport


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePayoutRequested(TicketEventFields):
    """Customer service asked for a payout. ``needs_approval``: it waits for a second person."""

    payout_key: str
    payee: SealedPayee
    amount: int
    currency: str
    note: str | None
    requested_by: str
    needs_approval: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePayoutStarted(TicketEventFields):
    """The platform pays in advance and charges the deposit; the provider is asked to pay.

    ``approved_by``: None where it needed nobody's approval. ``shares``: who bears how much of
    ``amount``, in minor units: all of it the shop, but for what flows back in the period.
    """

    payout_key: str
    amount: int
    currency: str
    approved_by: str | None
    shares: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePayoutDeclined(TicketEventFields):
    """A payout was not let go; nothing had moved."""

    payout_key: str
    declined_by: str
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePayoutOutcomeUnknown(TicketEventFields):
    """The provider gave no answer; until it does, nothing else pays."""

    payout_key: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePayoutRefused(TicketEventFields):
    """The provider will not pay to this payee; what was charged goes back."""

    payout_key: str
    refusal: RefundRefusal
    provider_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePayoutPaid(TicketEventFields):
    """The buyer has the money; the ticket has succeeded."""

    payout_key: str
    items: tuple[RequestedItem, ...]
    amount: int
    currency: str
    provider_reference: str


PayoutChange = (
    AdvancePayoutRequested
    | AdvancePayoutStarted
    | AdvancePayoutDeclined
    | AdvancePayoutOutcomeUnknown
    | AdvancePayoutRefused
    | AdvancePayoutPaid
)


_ON_ITS_WAY = frozenset({PayoutStatus.STARTED, PayoutStatus.UNKNOWN})


_UNDER_WAY = _ON_ITS_WAY | {PayoutStatus.REQUESTED}


def decide_payout(
    command: PayoutCommand, order: Order, now: datetime, policy: Policy
) -> Decision[PayoutChange]:
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
) -> Decision[PayoutChange]:
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
) -> Decision[PayoutChange]:
    needs_approval = ticket.amount > policy.payout_dual_control_above
    requested = AdvancePayoutRequested(
        **event_fields(order, ticket.ticket_id, now, ticket.state, None),
        payout_key=command.payout_key,
        payee=command.payee,
        amount=ticket.amount,
        currency=order.facts.payment.amount.currency,
        note=command.note,
        requested_by=command.requested_by,
        needs_approval=needs_approval,
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
        **event_fields(order, ticket.ticket_id, now, ticket.state, None),
        payout_key=payout_key,
        amount=ticket.amount,
        currency=order.facts.payment.amount.currency,
        approved_by=approved_by,
        shares=shares_of_payout(order, ticket),
    )


def _declined(
    command: DeclineAdvancePayout, ticket: Ticket, order: Order, now: datetime
) -> AdvancePayoutDeclined:
    return AdvancePayoutDeclined(
        **event_fields(order, ticket.ticket_id, now, ticket.state, None),
        payout_key=command.payout_key,
        declined_by=command.declined_by,
        note=command.note,
    )


def _report(
    command: PayoutReport, ticket: Ticket, order: Order, now: datetime
) -> Decision[PayoutChange]:
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
                **event_fields(order, ticket.ticket_id, now, ticket.state, None),
                payout_key=command.payout_key,
                why=command.why,
            )
        case RecordPayoutRefusal():
            return AdvancePayoutRefused(
                **event_fields(order, ticket.ticket_id, now, ticket.state, None),
                payout_key=command.payout_key,
                refusal=command.refusal,
                provider_text=command.provider_text,
            )
        case RecordPayoutSuccess():
            return AdvancePayoutPaid(
                **event_fields(order, ticket.ticket_id, now, TicketState.SUCCEEDED, None),
                payout_key=command.payout_key,
                items=ticket.items,
                amount=ticket.amount,
                currency=order.facts.payment.amount.currency,
                provider_reference=command.provider_reference,
            )
        case _:
            assert_never(command)


def _payouts(payouts: tuple[Payout, ...], event: PayoutChange) -> tuple[Payout, ...]:
    if isinstance(event, AdvancePayoutRequested):
        asked = Payout(
            payout_key=event.payout_key,
            status=PayoutStatus.REQUESTED,
            payee=event.payee,
            requested_by=event.requested_by,
        )
        return (*payouts, asked)
    return tuple(
        _payout(one, event) if one.payout_key == event.payout_key else one for one in payouts
    )


def _payout(
    payout: Payout,
    event: AdvancePayoutStarted
    | AdvancePayoutDeclined
    | AdvancePayoutOutcomeUnknown
    | AdvancePayoutRefused
    | AdvancePayoutPaid,
) -> Payout:
    match event:
        case AdvancePayoutStarted(shares=shares):
            return replace(payout, status=PayoutStatus.STARTED, shares=shares)
        case AdvancePayoutDeclined():
            return replace(payout, status=PayoutStatus.DECLINED)
        case AdvancePayoutOutcomeUnknown(why=why):
            of_another = why == KEY_OF_ANOTHER
            return replace(payout, status=PayoutStatus.UNKNOWN, key_of_another=of_another)
        case AdvancePayoutRefused():
            return replace(payout, status=PayoutStatus.REFUSED)
        case AdvancePayoutPaid():
            return replace(payout, status=PayoutStatus.PAID)
        case _:
            assert_never(event)


def evolve(ticket: Ticket, event: PayoutChange) -> Ticket:
    """Return the ticket after an event of this family; state and deadline are set by the caller."""
    return replace(ticket, payouts=_payouts(ticket.payouts, event))
