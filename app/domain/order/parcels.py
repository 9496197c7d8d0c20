"""Goods on their way: the return, its receipt, and what the merchant sends."""

from datetime import datetime, timedelta

from app.domain.funds.state import Funds
from app.domain.order.cost import CostPreview
from app.domain.order.cost_preview import cost_of_ticket
from app.domain.order.decision import Decision
from app.domain.order.input_rules import refuse_attachments, refuse_reject_reason, refuse_shipment
from app.domain.order.state import Order
from app.domain.order.ticket_commands import (
    ConfirmReturnReceipt,
    CorrectReturnShipment,
    ExtendReturnDeadline,
    RejectReturnedGoods,
    ShipGoodsBack,
    ShipReplacement,
)
from app.domain.order.ticket_events import (
    GoodsShippedBack,
    ReplacementReceived,
    ReplacementShipped,
    ReturnDeadlineExtended,
    ReturnedGoodsRejected,
    ReturnReceived,
    ReturnShipmentCorrected,
)
from app.domain.order.tickets import (
    DueAction,
    Ticket,
    TicketState,
    due_at,
    due_in,
    state_once_granted,
)
from app.domain.policy import Policy
from app.domain.reasons import REJECT_REASONS_OF_RETURNED_GOODS
from app.domain.rejections import RejectionCode, reject
from app.domain.shipments import normalized


def ship_back(command: ShipGoodsBack, order: Order, now: datetime, policy: Policy) -> Decision:
    """Take note of the buyer's parcel; the merchant has ten days to look at it."""
    shipment = normalized(command.shipment)
    refusal = refuse_shipment(shipment)
    if refusal is not None:
        return refusal
    state = TicketState.AWAITING_MERCHANT_RECEIPT
    return (
        GoodsShippedBack(
            at=now,
            ticket_id=command.ticket_id,
            buyer_id=order.facts.buyer_id,
            shipment=shipment,
            state=state,
            due=due_in(state, now, policy),
        ),
    )


def correct_return(
    command: CorrectReturnShipment, ticket: Ticket, order: Order, now: datetime
) -> Decision:
    """Correct what the buyer said of the parcel, once; the deadline stays. The same: nothing."""
    shipment, previous = normalized(command.shipment), ticket.return_shipment
    if previous is None or previous == shipment:
        return ()
    if ticket.return_shipment_corrected:
        return reject(RejectionCode.RETURN_SHIPMENT_ALREADY_CORRECTED)
    refusal = refuse_shipment(shipment)
    if refusal is not None:
        return refusal
    return (
        ReturnShipmentCorrected(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            previous=previous,
            shipment=shipment,
            state=ticket.state,
            due=ticket.due,
        ),
    )


def extend_return(
    command: ExtendReturnDeadline, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision:
    """Give the buyer more days, a few times at most."""
    if ticket.due is None or ticket.return_extensions >= policy.return_extensions_max:
        return reject(
            RejectionCode.RETURN_EXTENSION_LIMIT_REACHED, limit=policy.return_extensions_max
        )
    if not 1 <= command.days <= policy.return_extension_days_max:
        return reject(
            RejectionCode.RETURN_EXTENSION_TOO_LONG,
            days=command.days,
            limit=policy.return_extension_days_max,
        )
    extended_to = ticket.due.at + timedelta(days=command.days)
    return (
        ReturnDeadlineExtended(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            previous_due_at=ticket.due.at,
            days=command.days,
            state=ticket.state,
            due=due_at(extended_to, DueAction.CLOSE, extended_to - now, policy),
        ),
    )


def confirm_return(
    command: ConfirmReturnReceipt,
    ticket: Ticket,
    order: Order,
    now: datetime,
    policy: Policy,
    *,
    funds: Funds,
) -> Decision:
    """Take the returned goods as they are."""
    seen = cost_of_ticket(order, ticket, funds) if command.cost_acknowledged else None
    received = return_received(ticket, order, now, policy, automatic=False, acknowledged_cost=seen)
    return (received,)


def return_received(
    ticket: Ticket,
    order: Order,
    at: datetime,
    policy: Policy,
    *,
    automatic: bool,
    acknowledged_cost: CostPreview | None = None,
) -> ReturnReceived:
    """Return the receipt of returned goods at an instant: money or goods follow."""
    state = state_once_granted(ticket.type, return_settled=True)
    return ReturnReceived(
        at=at,
        ticket_id=ticket.ticket_id,
        buyer_id=order.facts.buyer_id,
        automatic=automatic,
        acknowledged_cost=acknowledged_cost,
        state=state,
        due=due_in(state, at, policy),
    )


def reject_returned(
    command: RejectReturnedGoods, order: Order, now: datetime, policy: Policy
) -> Decision:
    """Refuse what came back; here a proof is a must."""
    refusal = refuse_reject_reason(command.reason, REJECT_REASONS_OF_RETURNED_GOODS)
    if refusal is None and not command.evidence:
        refusal = reject(RejectionCode.EVIDENCE_REQUIRED)
    refusal = refusal or refuse_attachments(command.evidence)
    if refusal is not None:
        return refusal
    state = TicketState.REJECTED_AFTER_RETURN
    return (
        ReturnedGoodsRejected(
            at=now,
            ticket_id=command.ticket_id,
            buyer_id=order.facts.buyer_id,
            reason=command.reason,
            note=command.note,
            evidence=command.evidence,
            state=state,
            due=due_in(state, now, policy),
        ),
    )


def ship_replacement(
    command: ShipReplacement, order: Order, now: datetime, policy: Policy
) -> Decision:
    """Take note of the merchant's parcel; the buyer has seven days to confirm it."""
    shipment = normalized(command.shipment)
    refusal = refuse_shipment(shipment)
    if refusal is not None:
        return refusal
    state = TicketState.AWAITING_BUYER_RECEIPT
    return (
        ReplacementShipped(
            at=now,
            ticket_id=command.ticket_id,
            buyer_id=order.facts.buyer_id,
            shipment=shipment,
            state=state,
            due=due_in(state, now, policy),
        ),
    )


def confirm_replacement(ticket: Ticket, order: Order, now: datetime) -> Decision:
    """End a ticket whose goods have arrived."""
    return (replacement_received(ticket, order, now, automatic=False),)


def replacement_received(
    ticket: Ticket, order: Order, at: datetime, *, automatic: bool
) -> ReplacementReceived:
    """Return the receipt of the goods sent at an instant."""
    return ReplacementReceived(
        at=at,
        ticket_id=ticket.ticket_id,
        buyer_id=order.facts.buyer_id,
        automatic=automatic,
        state=TicketState.COMPLETED,
        due=None,
    )
