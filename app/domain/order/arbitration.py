"""The platform between buyer and merchant: request, evidence, ruling, withdrawal."""

from datetime import datetime

from app.domain.money import split
from app.domain.order.decision import Decision
from app.domain.order.input_rules import refuse_attachments
from app.domain.order.state import ItemRefunds, Order
from app.domain.order.ticket_commands import (
    RequestArbitration,
    RuleArbitration,
    SubmitArbitrationEvidence,
)
from app.domain.order.ticket_events import (
    ArbitrationEvidenceSubmitted,
    ArbitrationRequested,
    ArbitrationRuled,
    ArbitrationWithdrawn,
    TicketEscalated,
)
from app.domain.order.tickets import (
    ArbitrationCause,
    Blame,
    CloseCause,
    RequestedItem,
    Ruling,
    Side,
    Ticket,
    TicketState,
    asks_for_money,
    due_in,
    state_once_granted,
)
from app.domain.policy import Policy
from app.domain.rejections import Rejection, RejectionCode, reject


def request_arbitration(
    command: RequestArbitration, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision:
    """Bring a rejection before the platform; the merchant has seven days to give evidence."""
    if ticket.arbitrations >= policy.arbitrations_max:
        return reject(RejectionCode.ARBITRATION_LIMIT_REACHED, limit=policy.arbitrations_max)
    refusal = refuse_attachments(command.evidence)
    if refusal is not None:
        return refusal
    return (
        ArbitrationRequested(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            note=command.note,
            evidence=command.evidence,
            state=TicketState.IN_ARBITRATION,
            due=due_in(TicketState.IN_ARBITRATION, now, policy),
        ),
    )


def escalation(ticket: Ticket, order: Order, at: datetime, policy: Policy) -> TicketEscalated:
    """Return the platform's stepping in for goods that were not shipped in time."""
    return TicketEscalated(
        at=at,
        ticket_id=ticket.ticket_id,
        buyer_id=order.facts.buyer_id,
        cause=ArbitrationCause.REPLACEMENT_NOT_SHIPPED,
        state=TicketState.IN_ARBITRATION,
        due=due_in(TicketState.IN_ARBITRATION, at, policy),
    )


def submit_evidence(
    command: SubmitArbitrationEvidence, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision:
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
    return (
        ArbitrationEvidenceSubmitted(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            side=command.side,
            note=command.note,
            evidence=command.evidence,
            state=ticket.state,
            due=None if command.side is Side.MERCHANT else ticket.due,
        ),
    )


def withdraw_arbitration(ticket: Ticket, order: Order, now: datetime, policy: Policy) -> Decision:
    """Go back to the rejection, with its whole time; what the platform began by itself stays."""
    arbitration = ticket.arbitration
    if arbitration is None or arbitration.cause is not ArbitrationCause.BUYER_REQUEST:
        return reject(RejectionCode.ESCALATION_NOT_WITHDRAWABLE)
    return (
        ArbitrationWithdrawn(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            state=arbitration.came_from,
            due=due_in(arbitration.came_from, now, policy),
        ),
    )


def rule(
    command: RuleArbitration, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision:
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
        at=at,
        ticket_id=ticket.ticket_id,
        buyer_id=order.facts.buyer_id,
        automatic=automatic,
        ruling=ruling,
        blame=blame,
        items=granted,
        amount=amount,
        currency=order.facts.payment.amount.currency,
        note=note,
        close_cause=close_cause,
        state=state,
        due=due_in(state, at, policy),
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
