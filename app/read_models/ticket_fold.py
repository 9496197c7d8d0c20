"""What an event makes of a ticket."""

from dataclasses import replace
from typing import assert_never

from app.domain.order.events import (
    ApplicationAgreed,
    ApplicationRejected,
    OrderEvent,
    RefundSucceeded,
    TicketChange,
    TicketClosed,
    TicketCreated,
    TicketEvent,
)
from app.event_store.recorded import Recorded
from app.event_store.streams import order_of_stream
from app.read_models.order_view import TicketRejection, TicketView


def fold_ticket(
    ticket: TicketView | None, event: TicketEvent, recorded: Recorded[OrderEvent]
) -> TicketView | None:
    """Return the ticket after ``event``, one of its own, which ``recorded`` places in the log.

    None stands for a ticket not created yet. An event the ticket has seen already changes nothing.
    """
    if isinstance(event, TicketCreated):
        return ticket or _created(event, recorded)
    if ticket is None or recorded.version <= ticket.version:
        return ticket
    moved = replace(
        ticket, state=event.state, due=event.due, updated_at=event.at, version=recorded.version
    )
    return _with_decision(moved, event)


def _created(event: TicketCreated, recorded: Recorded[OrderEvent]) -> TicketView:
    shop_id, order_id = order_of_stream(recorded.stream_id)
    return TicketView(
        ticket_id=event.ticket_id,
        shop_id=shop_id,
        order_id=order_id,
        buyer_id=event.buyer_id,
        type=event.type,
        state=event.state,
        items=event.items,
        amount=event.amount,
        currency=event.currency,
        reason=event.reason,
        description=event.description,
        overdue=event.overdue,
        entry_generation=event.entry_generation,
        due=event.due,
        created_at=event.at,
        updated_at=event.at,
        version=recorded.version,
    )


def _with_decision(ticket: TicketView, event: TicketChange) -> TicketView:
    match event:
        case ApplicationAgreed():
            return replace(ticket, agreed_at=event.at, agreed_automatically=event.automatic)
        case ApplicationRejected():
            rejection = TicketRejection(
                at=event.at, reason=event.reason, note=event.note, evidence=event.evidence
            )
            return replace(ticket, rejected=rejection)
        case TicketClosed():
            return replace(ticket, closed_at=event.at, close_cause=event.cause)
        case RefundSucceeded():
            amount = ticket.refunded_amount + event.amount
            return replace(ticket, refunded_at=event.at, refunded_amount=amount)
        case _:
            assert_never(event)
