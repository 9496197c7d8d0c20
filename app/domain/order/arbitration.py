"""Arbitration by the platform: request, evidence, ruling, withdrawal, escalation."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from app.domain.attachments import Attachment
from app.domain.money import split
from app.domain.order.input_rules import refuse_attachments
from app.domain.order.state import ItemRefunds, Order, entering, event_fields
from app.domain.order.tickets import (
    Arbitration,
    ArbitrationCause,
    Blame,
    CloseCause,
    RequestedItem,
    Ruling,
    Side,
    Ticket,
    TicketEventFields,
    TicketState,
    asks_for_money,
    state_once_granted,
)
from app.domain.order.transitions import REJECTED_STATES, Transitions, allow
from app.domain.policy import Policy
from app.domain.rejections import Decision, Rejection, RejectionCode, reject


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestArbitration:
    """Ask the platform to arbitrate a rejection."""

    ticket_id: str
    note: str
    evidence: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitArbitrationEvidence:
    """Give evidence in an arbitration."""

    ticket_id: str
    side: Side
    note: str | None
    evidence: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleArbitration:
    """Rule for buyer or merchant, and say whose fault it was.

    ``final_amount``, in minor units and only for the buyer: None grants what was asked for, goods
    included; an amount on a ticket that asks for goods is paid in their place.
    """

    ticket_id: str
    ruling: Ruling
    blame: Blame
    final_amount: int | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawArbitration:
    """Take a request for arbitration back."""

    ticket_id: str


ArbitrationCommand = (
    RequestArbitration | SubmitArbitrationEvidence | RuleArbitration | WithdrawArbitration
)

TRANSITIONS: Transitions = {
    RequestArbitration: allow(
        Side.CONSUMER, REJECTED_STATES, RejectionCode.ARBITRATION_NOT_AVAILABLE
    ),
    SubmitArbitrationEvidence: allow(
        {Side.CONSUMER, Side.MERCHANT}, TicketState.IN_ARBITRATION, RejectionCode.NOT_IN_ARBITRATION
    ),
    RuleArbitration: allow(
        Side.PLATFORM, TicketState.IN_ARBITRATION, RejectionCode.NOT_IN_ARBITRATION
    ),
    WithdrawArbitration: allow(
        Side.CONSUMER, TicketState.IN_ARBITRATION, RejectionCode.NOT_IN_ARBITRATION
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbitrationRequested(TicketEventFields):
    """The buyer asked the platform to arbitrate a rejection."""

    note: str
    evidence: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEscalated(TicketEventFields):
    """The platform stepped in by itself, because the merchant did not act in time."""

    cause: ArbitrationCause


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbitrationEvidenceSubmitted(TicketEventFields):
    """One side gave evidence in an arbitration."""

    side: Side
    note: str | None
    evidence: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbitrationRuled(TicketEventFields):
    """The platform ruled, or the time for the merchant's evidence ran out (``automatic``).

    ``items`` and ``amount``: the money granted, in minor units; 0 where goods are sent, or nothing.
    ``close_cause``: why the ticket ends here, None if it goes on.
    """

    automatic: bool
    ruling: Ruling
    blame: Blame
    items: tuple[RequestedItem, ...]
    amount: int
    currency: str
    note: str | None
    close_cause: CloseCause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbitrationWithdrawn(TicketEventFields):
    """The buyer took the request for arbitration back; the ticket stands where it stood."""


ArbitrationChange = (
    ArbitrationRequested
    | TicketEscalated
    | ArbitrationEvidenceSubmitted
    | ArbitrationRuled
    | ArbitrationWithdrawn
)


def decide(
    command: ArbitrationCommand,
    ticket: Ticket,
    order: Order,
    now: datetime,
    policy: Policy,
) -> Decision[ArbitrationChange]:
    """Decide a command of this family on a ticket that stands where the command is allowed."""
    match command:
        case RequestArbitration():
            return request_arbitration(command, ticket, order, now, policy)
        case SubmitArbitrationEvidence():
            return submit_evidence(command, ticket, order, now, policy)
        case RuleArbitration():
            return rule(command, ticket, order, now, policy)
        case WithdrawArbitration():
            return withdraw_arbitration(ticket, order, now, policy)
        case _:
            assert_never(command)


def request_arbitration(
    command: RequestArbitration, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision[ArbitrationChange]:
    """Bring a rejection before the platform; the merchant has seven days to give evidence."""
    if ticket.arbitrations >= policy.arbitrations_max:
        return reject(RejectionCode.ARBITRATION_LIMIT_REACHED, limit=policy.arbitrations_max)
    refusal = refuse_attachments(command.evidence)
    if refusal is not None:
        return refusal
    return (
        ArbitrationRequested(
            **entering(TicketState.IN_ARBITRATION, order, ticket.ticket_id, now, policy),
            note=command.note,
            evidence=command.evidence,
        ),
    )


def escalation(ticket: Ticket, order: Order, at: datetime, policy: Policy) -> TicketEscalated:
    """Return the platform's stepping in for goods that were not shipped in time."""
    return TicketEscalated(
        **entering(TicketState.IN_ARBITRATION, order, ticket.ticket_id, at, policy),
        cause=ArbitrationCause.REPLACEMENT_NOT_SHIPPED,
    )


def submit_evidence(
    command: SubmitArbitrationEvidence, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision[ArbitrationChange]:
    """Take evidence. Once the merchant has given some, nothing is ruled by itself any more."""
    if _submissions(ticket, command.side) >= policy.arbitration_evidence_max:
        return reject(
            RejectionCode.ARBITRATION_EVIDENCE_LIMIT_REACHED, limit=policy.arbitration_evidence_max
        )
    if not command.evidence and not command.note:
        return reject(RejectionCode.EVIDENCE_REQUIRED)
    refusal = refuse_attachments(command.evidence)
    if refusal is not None:
        return refusal
    due = None if command.side is Side.MERCHANT else ticket.due
    return (
        ArbitrationEvidenceSubmitted(
            **event_fields(order, ticket.ticket_id, now, ticket.state, due),
            side=command.side,
            note=command.note,
            evidence=command.evidence,
        ),
    )


def withdraw_arbitration(
    ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision[ArbitrationChange]:
    """Go back to the rejection, with its whole time; what the platform began by itself stays."""
    arbitration = ticket.arbitration
    if arbitration is None or arbitration.cause is not ArbitrationCause.BUYER_REQUEST:
        return reject(RejectionCode.ESCALATION_NOT_WITHDRAWABLE)
    return (
        ArbitrationWithdrawn(
            **entering(arbitration.came_from, order, ticket.ticket_id, now, policy),
        ),
    )


def rule(
    command: RuleArbitration, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision[ArbitrationChange]:
    """Rule as the platform says, within what the ticket asks for and the order still allows."""
    if command.ruling is Ruling.FOR_MERCHANT:
        if command.final_amount is not None:
            return reject(RejectionCode.RULING_CONTRADICTS_ITSELF)
        granted: tuple[RequestedItem, ...] | Rejection = ()
    else:
        granted = _granted(command.final_amount, ticket, order)
    if isinstance(granted, Rejection):
        return granted
    return (
        _ruling(
            ticket,
            order,
            now,
            policy,
            ruling=command.ruling,
            blame=command.blame,
            granted=granted,
            note=command.note,
            automatic=False,
        ),
    )


def ruling_by_default(
    ticket: Ticket, order: Order, at: datetime, policy: Policy
) -> ArbitrationRuled:
    """Return the ruling for the buyer that follows when the merchant gave no evidence in time.

    Goods the merchant did not even ship by then are paid for instead.
    """
    arbitration = ticket.arbitration
    in_money = arbitration is not None and (
        arbitration.cause is ArbitrationCause.REPLACEMENT_NOT_SHIPPED
    )
    granted = _worth(ticket, order) if in_money else ticket.items
    return _ruling(
        ticket,
        order,
        at,
        policy,
        ruling=Ruling.FOR_BUYER,
        blame=Blame.MERCHANT,
        granted=granted,
        note=None,
        automatic=True,
        nothing_left=in_money and not any(item.amount for item in granted),
    )


def _ruling(
    ticket: Ticket,
    order: Order,
    at: datetime,
    policy: Policy,
    *,
    ruling: Ruling,
    blame: Blame,
    granted: tuple[RequestedItem, ...],
    note: str | None,
    automatic: bool,
    nothing_left: bool = False,
) -> ArbitrationRuled:
    amount = sum(item.amount for item in granted)
    close_cause = _close_cause(ruling, nothing_left=nothing_left)
    if close_cause is not None:
        state = TicketState.CLOSED
    elif amount > 0 and not asks_for_money(ticket.type):
        state = TicketState.REFUNDING
    else:
        state = state_once_granted(ticket.type, return_settled=ticket.return_settled)
    return ArbitrationRuled(
        **entering(state, order, ticket.ticket_id, at, policy),
        automatic=automatic,
        ruling=ruling,
        blame=blame,
        items=granted,
        amount=amount,
        currency=order.facts.payment.amount.currency,
        note=note,
        close_cause=close_cause,
    )


def _close_cause(ruling: Ruling, *, nothing_left: bool) -> CloseCause | None:
    if ruling is Ruling.FOR_MERCHANT:
        return CloseCause.RULED_FOR_MERCHANT
    return CloseCause.NOTHING_LEFT_TO_REFUND if nothing_left else None


def _granted(
    final_amount: int | None, ticket: Ticket, order: Order
) -> tuple[RequestedItem, ...] | Rejection:
    """Share the final amount among the items, none above what it could get."""
    if final_amount is None:
        return ticket.items
    if final_amount < 1:
        return reject(RejectionCode.NOTHING_REQUESTED)
    most = ticket.items if asks_for_money(ticket.type) else _worth(ticket, order)
    limits = [item.amount for item in most]
    if final_amount > sum(limits):
        return reject(RejectionCode.AMOUNT_EXCEEDS_REFUNDABLE, refundable=str(sum(limits)))
    return tuple(
        RequestedItem(item_id=item.item_id, quantity=item.quantity, amount=share)
        for item, share in zip(most, split(final_amount, limits), strict=True)
    )


def _worth(ticket: Ticket, order: Order) -> tuple[RequestedItem, ...]:
    """Return what was paid for the units a ticket is about, as far as it may still be refunded."""
    paid = {item.item_id: item for item in order.facts.items}
    worth = []
    for requested in ticket.items:
        item = paid[requested.item_id]
        refunded = order.refunds.get(requested.item_id, ItemRefunds()).amount
        amount = min(
            item.amount_paid * requested.quantity // item.quantity, item.amount_paid - refunded
        )
        worth.append(
            RequestedItem(
                item_id=requested.item_id, quantity=requested.quantity, amount=max(amount, 0)
            )
        )
    return tuple(worth)


def _submissions(ticket: Ticket, side: Side) -> int:
    arbitration = ticket.arbitration
    if arbitration is None:
        return 0
    return arbitration.merchant_evidence if side is Side.MERCHANT else arbitration.consumer_evidence


def evolve(ticket: Ticket, event: ArbitrationChange) -> Ticket:
    """Return the ticket after an event of this family; state and deadline are set by the caller."""
    match event:
        case ArbitrationRequested():
            begun = _begun(ArbitrationCause.BUYER_REQUEST, ticket.state)
            return replace(ticket, arbitration=begun, arbitrations=ticket.arbitrations + 1)
        case TicketEscalated(cause=cause):
            return replace(ticket, arbitration=_begun(cause, ticket.state))
        case ArbitrationEvidenceSubmitted(side=side):
            return replace(ticket, arbitration=_with_evidence(ticket.arbitration, side))
        case ArbitrationRuled(items=items, amount=amount):
            granted = replace(ticket, items=items, amount=amount) if items else ticket
            return replace(granted, arbitration=None)
        case ArbitrationWithdrawn():
            return replace(ticket, arbitration=None)
        case _:
            assert_never(event)


def _begun(cause: ArbitrationCause, came_from: TicketState) -> Arbitration:
    return Arbitration(cause=cause, came_from=came_from, merchant_evidence=0, consumer_evidence=0)


def _with_evidence(arbitration: Arbitration | None, side: Side) -> Arbitration | None:
    if arbitration is None:
        return None
    if side is Side.MERCHANT:
        return replace(arbitration, merchant_evidence=arbitration.merchant_evidence + 1)
    return replace(arbitration, consumer_evidence=arbitration.consumer_evidence + 1)
