"""The replacement sent to the buyer: shipped and received."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from app.domain.order.input_rules import refuse_shipment
from app.domain.order.state import Order
from app.domain.order.tickets import (
    Due,
    Side,
    Ticket,
    TicketState,
    due_in,
)
from app.domain.order.transitions import Transitions, allow
from app.domain.policy import Policy
from app.domain.rejections import Decision, RejectionCode
from app.domain.shipments import Shipment, normalized


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipReplacement:
    """Ship the replacement, the reissued or the repaired goods."""

    ticket_id: str
    shipment: Shipment


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmReplacementReceipt:
    """Confirm that the goods sent have arrived."""

    ticket_id: str


ReplacementCommand = ShipReplacement | ConfirmReplacementReceipt

TRANSITIONS: Transitions = {
    ShipReplacement: allow(
        Side.MERCHANT, TicketState.AWAITING_REPLACEMENT, RejectionCode.REPLACEMENT_NOT_AWAITED
    ),
    ConfirmReplacementReceipt: allow(
        Side.CONSUMER, TicketState.AWAITING_BUYER_RECEIPT, RejectionCode.REPLACEMENT_NOT_UNDER_WAY
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementShipped:
    """The merchant shipped the replacement, the reissued or the repaired goods."""

    at: datetime
    ticket_id: str
    buyer_id: str
    shipment: Shipment
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementReceived:
    """The buyer confirmed the goods sent, or the time for it ran out (``automatic``)."""

    at: datetime
    ticket_id: str
    buyer_id: str
    automatic: bool
    state: TicketState
    due: Due | None


ReplacementChange = ReplacementShipped | ReplacementReceived


def decide(
    command: ReplacementCommand,
    ticket: Ticket,
    order: Order,
    now: datetime,
    policy: Policy,
) -> Decision[ReplacementChange]:
    """Decide a command of this family on a ticket that stands where the command is allowed."""
    match command:
        case ShipReplacement():
            return ship_replacement(command, order, now, policy)
        case ConfirmReplacementReceipt():
            return confirm_replacement(ticket, order, now)
        case _:
            assert_never(command)


def ship_replacement(
    command: ShipReplacement, order: Order, now: datetime, policy: Policy
) -> Decision[ReplacementChange]:
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


def confirm_replacement(ticket: Ticket, order: Order, now: datetime) -> Decision[ReplacementChange]:
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


def evolve(ticket: Ticket, event: ReplacementChange) -> Ticket:
    """Return the ticket after an event of this family; only its state and deadline change."""
    match event:
        case ReplacementShipped() | ReplacementReceived():
            return ticket
        case _:
            assert_never(event)
