"""The return of goods: shipped back, corrected, extended, received or rejected."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from app.domain.attachments import Attachment
from app.domain.funds.state import Funds
from app.domain.order.commission_split import cost_of_ticket
from app.domain.order.input_rules import refuse_attachments, refuse_reject_reason, refuse_shipment
from app.domain.order.state import Order, entering, event_fields, staying
from app.domain.order.tickets import (
    DueAction,
    Side,
    Ticket,
    TicketEventFields,
    TicketState,
    due_at,
    state_once_granted,
)
from app.domain.order.transitions import Transitions, allow
from app.domain.policy import Policy
from app.domain.reasons import REJECT_REASONS_OF_RETURNED_GOODS, RejectReason
from app.domain.refunds import CostPreview
from app.domain.rejections import Decision, RejectionCode, reject
from app.domain.shipments import Shipment, normalized


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipGoodsBack:
    """Send the goods back to the merchant."""

    ticket_id: str
    shipment: Shipment


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectReturnShipment:
    """Correct carrier or tracking number of a return, once."""

    ticket_id: str
    shipment: Shipment


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendReturnDeadline:
    """Give the buyer some more days for the return."""

    ticket_id: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmReturnReceipt:
    """Confirm that the returned goods are there and in order; for the cost, see agreement."""

    ticket_id: str
    cost_acknowledged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectReturnedGoods:
    """Refuse the goods that came back, with proof."""

    ticket_id: str
    reason: RejectReason
    note: str | None
    evidence: tuple[Attachment, ...]


ReturnCommand = (
    ShipGoodsBack
    | CorrectReturnShipment
    | ExtendReturnDeadline
    | ConfirmReturnReceipt
    | RejectReturnedGoods
)

TRANSITIONS: Transitions = {
    ShipGoodsBack: allow(
        Side.CONSUMER, TicketState.AWAITING_RETURN, RejectionCode.RETURN_NOT_AWAITED
    ),
    ExtendReturnDeadline: allow(
        Side.MERCHANT, TicketState.AWAITING_RETURN, RejectionCode.RETURN_NOT_AWAITED
    ),
    CorrectReturnShipment: allow(
        Side.CONSUMER, TicketState.AWAITING_MERCHANT_RECEIPT, RejectionCode.RETURN_NOT_UNDER_WAY
    ),
    ConfirmReturnReceipt: allow(
        Side.MERCHANT, TicketState.AWAITING_MERCHANT_RECEIPT, RejectionCode.RETURN_NOT_UNDER_WAY
    ),
    RejectReturnedGoods: allow(
        Side.MERCHANT, TicketState.AWAITING_MERCHANT_RECEIPT, RejectionCode.RETURN_NOT_UNDER_WAY
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsShippedBack(TicketEventFields):
    """The buyer sent the goods back."""

    shipment: Shipment


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnShipmentCorrected(TicketEventFields):
    """The buyer corrected carrier or tracking number; ``previous`` is what it said before."""

    previous: Shipment
    shipment: Shipment


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnDeadlineExtended(TicketEventFields):
    """The merchant gave the buyer more time for the return."""

    previous_due_at: datetime
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnReceived(TicketEventFields):
    """The merchant confirmed the returned goods, or the time for it ran out (``automatic``).

    ``acknowledged_cost``: what the merchant was shown it would cost, None if nobody looked.
    """

    automatic: bool
    acknowledged_cost: CostPreview | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedGoodsRejected(TicketEventFields):
    """The merchant rejected the goods that came back."""

    reason: RejectReason
    note: str | None
    evidence: tuple[Attachment, ...]


ReturnChange = (
    GoodsShippedBack
    | ReturnShipmentCorrected
    | ReturnDeadlineExtended
    | ReturnReceived
    | ReturnedGoodsRejected
)


def decide(
    command: ReturnCommand,
    ticket: Ticket,
    order: Order,
    now: datetime,
    policy: Policy,
    *,
    funds: Funds,
) -> Decision[ReturnChange]:
    """Decide a command of this family on a ticket that stands where the command is allowed."""
    match command:
        case ShipGoodsBack():
            return ship_back(command, order, now, policy)
        case CorrectReturnShipment():
            return correct_return(command, ticket, order, now)
        case ExtendReturnDeadline():
            return extend_return(command, ticket, order, now, policy)
        case ConfirmReturnReceipt():
            return confirm_return(command, ticket, order, now, policy, funds=funds)
        case RejectReturnedGoods():
            return reject_returned(command, order, now, policy)
        case _:
            assert_never(command)


def ship_back(
    command: ShipGoodsBack, order: Order, now: datetime, policy: Policy
) -> Decision[ReturnChange]:
    """Take note of the buyer's parcel; the merchant has ten days to look at it."""
    shipment = normalized(command.shipment)
    refusal = refuse_shipment(shipment)
    if refusal is not None:
        return refusal
    state = TicketState.AWAITING_MERCHANT_RECEIPT
    return (
        GoodsShippedBack(
            **entering(state, order, command.ticket_id, now, policy),
            shipment=shipment,
        ),
    )


def correct_return(
    command: CorrectReturnShipment, ticket: Ticket, order: Order, now: datetime
) -> Decision[ReturnChange]:
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
            **staying(order, ticket, now),
            previous=previous,
            shipment=shipment,
        ),
    )


def extend_return(
    command: ExtendReturnDeadline, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision[ReturnChange]:
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
    due = due_at(extended_to, DueAction.CLOSE, extended_to - now, policy)
    return (
        ReturnDeadlineExtended(
            **event_fields(order, ticket.ticket_id, now, ticket.state, due),
            previous_due_at=ticket.due.at,
            days=command.days,
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
) -> Decision[ReturnChange]:
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
        **entering(state, order, ticket.ticket_id, at, policy),
        automatic=automatic,
        acknowledged_cost=acknowledged_cost,
    )


def reject_returned(
    command: RejectReturnedGoods, order: Order, now: datetime, policy: Policy
) -> Decision[ReturnChange]:
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
            **entering(state, order, command.ticket_id, now, policy),
            reason=command.reason,
            note=command.note,
            evidence=command.evidence,
        ),
    )


def evolve(ticket: Ticket, event: ReturnChange) -> Ticket:
    """Return the ticket after an event of this family; state and deadline are set by the caller."""
    match event:
        case GoodsShippedBack(shipment=shipment):
            return replace(ticket, return_shipment=shipment, return_shipment_corrected=False)
        case ReturnShipmentCorrected(shipment=shipment):
            return replace(ticket, return_shipment=shipment, return_shipment_corrected=True)
        case ReturnDeadlineExtended():
            return replace(ticket, return_extensions=ticket.return_extensions + 1)
        case ReturnReceived():
            previewed = event.acknowledged_cost or ticket.previewed
            return replace(ticket, goods_returned=True, previewed=previewed)
        case ReturnedGoodsRejected():
            return replace(ticket, goods_returned=True)
        case _:
            assert_never(event)
