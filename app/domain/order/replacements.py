"""The replacement sent to the buyer: shipped and received."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from app.domain.order.input_rules import refuse_shipment
from app.domain.order.state import Order, entering, event_fields
from app.domain.order.tickets import (
    Side,
    Ticket,
    TicketEventFields,
    TicketState,
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
class ReplacementShipped(TicketEventFields):
    """The merchant shipped the replacement, the reissued or the repaired goods."""

    shipment: Shipment


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementReceived(TicketEventFields):
    """The buyer confirmed the goods sent, or the time for it ran out (``automatic``)."""

    automatic: bool


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
            **entering(state, order, command.ticket_id, now, policy),
            shipment=shipment,
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
        **event_fields(order, ticket.ticket_id, at, TicketState.COMPLETED, None),
        automatic=automatic,
    )


def evolve(ticket: Ticket, event: ReplacementChange) -> Ticket:
    """Return the ticket after an event of this family; only its state and deadline change."""
    match event:
        case ReplacementShipped() | ReplacementReceived():
            return ticket
        case _:
            assert_never(event)
