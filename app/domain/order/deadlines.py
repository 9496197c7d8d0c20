"""What happens by itself. Every deadline is stored in an event; here they come true, in order."""

from datetime import datetime
from typing import assert_never

from app.domain.order.answers import agreement
from app.domain.order.applications import TicketClosed, TicketDueReminded
from app.domain.order.arbitration import escalation, ruling_by_default
from app.domain.order.entries import AfterSalesEntryExpired, AfterSalesEntryExpiring
from app.domain.order.events import OrderEvent, TicketEvent
from app.domain.order.evolve import evolve
from app.domain.order.replacements import replacement_received
from app.domain.order.returns import return_received
from app.domain.order.state import EntryOpen, Order, event_fields
from app.domain.order.tickets import (
    CloseCause,
    Due,
    DueAction,
    Ticket,
    TicketState,
    concerned_by,
)
from app.domain.policy import Policy

DUE_STEPS_MAX = 64
"""More deadlines than one order can chain; a bound against a rule that never comes to rest."""


def fall_due(order: Order, now: datetime, policy: Policy) -> tuple[OrderEvent, ...]:
    """Return all that has fallen due by an instant, oldest first, each at its own instant."""
    events: list[OrderEvent] = []
    for _ in range(DUE_STEPS_MAX):
        pending = sorted(_pending(order, now, policy), key=lambda event: event.at)
        if not pending:
            return tuple(events)
        events.append(pending[0])
        after = evolve(order, pending[0])
        assert isinstance(after, Order)  # noqa: S101 - a registered order stays registered
        order = after
    raise AssertionError("deadlines of one order never came to rest")


def _pending(order: Order, now: datetime, policy: Policy) -> list[OrderEvent]:
    pending = [
        _ticket_event(order, ticket, ticket.due, policy)
        for ticket in order.tickets.values()
        if ticket.due is not None and now >= ticket.due.at
    ]
    reminders = [
        _reminder(order, ticket, ticket.due, ticket.due.remind_at)
        for ticket in order.tickets.values()
        if ticket.due is not None
        and not ticket.reminded
        and ticket.due.remind_at is not None
        and now >= ticket.due.remind_at
    ]
    entry_event = _entry_event(order, now)
    return [*reminders, *pending, *(() if entry_event is None else (entry_event,))]


def _reminder(order: Order, ticket: Ticket, due: Due, remind_at: datetime) -> OrderEvent:
    return TicketDueReminded(
        at=max(remind_at, order.updated_at),
        ticket_id=ticket.ticket_id,
        buyer_id=order.facts.buyer_id,
        state=ticket.state,
        due=due,
        side=concerned_by(due.action),
    )


def _entry_event(order: Order, now: datetime) -> OrderEvent | None:
    entry = order.entry
    if not isinstance(entry, EntryOpen):
        return None
    if now >= entry.remind_at and not entry.used and not entry.reminded:
        return AfterSalesEntryExpiring(
            at=max(entry.remind_at, order.updated_at),
            buyer_id=order.facts.buyer_id,
            generation=entry.generation,
            expires_at=entry.expires_at,
        )
    if now >= entry.expires_at:
        return AfterSalesEntryExpired(
            at=entry.expires_at,
            buyer_id=order.facts.buyer_id,
            generation=entry.generation,
            used=entry.used,
        )
    return None


def _ticket_event(order: Order, ticket: Ticket, due: Due, policy: Policy) -> TicketEvent:
    match due.action:
        case DueAction.AGREE:
            return agreement(ticket, order, due.at, policy, automatic=True)
        case DueAction.CLOSE:
            return TicketClosed(
                **event_fields(order, ticket.ticket_id, due.at, TicketState.CLOSED, None),
                cause=_CLOSE_CAUSES[ticket.state],
            )
        case DueAction.CONFIRM_RETURN:
            return return_received(ticket, order, due.at, policy, automatic=True)
        case DueAction.ESCALATE:
            return escalation(ticket, order, due.at, policy)
        case DueAction.COMPLETE:
            return replacement_received(ticket, order, due.at, automatic=True)
        case DueAction.RULE_FOR_BUYER:
            return ruling_by_default(ticket, order, due.at, policy)
        case _:
            assert_never(due.action)


_CLOSE_CAUSES = {
    TicketState.AWAITING_RETURN: CloseCause.NOT_RETURNED_IN_TIME,
    TicketState.REJECTED: CloseCause.REJECTION_NOT_CONTESTED,
    TicketState.REJECTED_AFTER_RETURN: CloseCause.REJECTION_NOT_CONTESTED,
}
