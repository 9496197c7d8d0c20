"""What an event makes of the order people see. One function for every way of looking at it.

The readers, a fresh read, a look into the past and the answer to a command all fold with it.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from app.domain.order.applications import TicketCreated
from app.domain.order.entries import (
    AfterSalesEntryExpired,
    AfterSalesEntryExpiring,
    AfterSalesEntryOpened,
    EntryEvent,
    EntryReopeningDeclined,
    EntryReopeningRequested,
)
from app.domain.order.events import OrderEvent, TicketEvent
from app.domain.order.registration import (
    OrderRegistered,
    OrderSettled,
    OrderShipped,
    ReceiptConfirmed,
)
from app.event_store.recorded_event import Recorded
from app.projections.orders.view import (
    EntryState,
    EntryView,
    OrderView,
    ReopeningDecline,
    ReopeningRequest,
)
from app.projections.tickets.fold import fold_ticket


def fold_history(history: Iterable[Recorded[OrderEvent]]) -> OrderView:
    """Return the order after its whole history; ValueError if that registers none."""
    view = fold_tail(None, history)
    if view is None:
        raise ValueError("the history registers no order")
    return view


def fold_tail(view: OrderView | None, tail: Iterable[Recorded[OrderEvent]]) -> OrderView | None:
    """Return the order after more of its events, in their order."""
    for recorded in tail:
        view = fold_order(view, recorded)
    return view


def fold_order(view: OrderView | None, recorded: Recorded[OrderEvent]) -> OrderView | None:
    """Return the order after one event; an event the view has seen already changes nothing.

    None stands for an order not registered yet.
    """
    event = recorded.event
    if view is None:
        return _registered(event, recorded.version) if isinstance(event, OrderRegistered) else None
    if recorded.version <= view.version:
        return view
    return replace(_changed(view, recorded), updated_at=event.at, version=recorded.version)


def _registered(event: OrderRegistered, version: int) -> OrderView:
    return OrderView(
        facts=event.facts, registered_at=event.at, updated_at=event.at, version=version
    )


def _changed(view: OrderView, recorded: Recorded[OrderEvent]) -> OrderView:
    event = recorded.event
    if isinstance(event, TicketEvent):
        return _with_ticket(_with_entry_used(view, event), event, recorded)
    match event:
        case OrderRegistered(facts=facts):
            return replace(view, facts=facts)
        case OrderShipped(shipped_at=shipped_at):
            return replace(view, shipped_at=shipped_at)
        case ReceiptConfirmed(confirmed_at=confirmed_at):
            return replace(view, receipt_confirmed_at=confirmed_at)
        case OrderSettled(settled_at=settled_at):
            return replace(view, settled_at=settled_at)
        case (
            AfterSalesEntryOpened()
            | AfterSalesEntryExpiring()
            | AfterSalesEntryExpired()
            | EntryReopeningRequested()
            | EntryReopeningDeclined()
        ):
            return replace(view, entry=_entry_after(view.entry, event))
        case _:
            assert_never(event)


def _entry_after(entry: EntryView, event: EntryEvent) -> EntryView:
    match event:
        case AfterSalesEntryOpened():
            return EntryView(
                state=EntryState.OPEN,
                generation=event.generation,
                opened_at=event.at,
                expires_at=event.expires_at,
                remind_at=event.remind_at,
                acknowledged_cost=event.acknowledged_cost,
            )
        case AfterSalesEntryExpiring():
            return replace(entry, reminded_at=event.at)
        case AfterSalesEntryExpired():
            return replace(entry, state=EntryState.CLOSED, used=event.used, closed_at=event.at)
        case EntryReopeningRequested():
            request = ReopeningRequest(requested_at=event.at, note=event.note)
            return replace(entry, reopening=request)
        case EntryReopeningDeclined():
            decline = ReopeningDecline(at=event.at, reason=event.reason, note=event.note)
            return replace(entry, reopening=None, declined=decline)
        case _:
            assert_never(event)


def _with_entry_used(view: OrderView, event: TicketEvent) -> OrderView:
    if isinstance(event, TicketCreated) and event.overdue:
        return replace(view, entry=replace(view.entry, used=True))
    return view


def _with_ticket(view: OrderView, event: TicketEvent, recorded: Recorded[OrderEvent]) -> OrderView:
    before = view.ticket(event.ticket_id)
    after = fold_ticket(before, event, recorded)
    if after is None:
        return view
    if before is None:
        return replace(view, tickets=(*view.tickets, after))
    tickets = tuple(
        after if ticket.ticket_id == event.ticket_id else ticket for ticket in view.tickets
    )
    return replace(view, tickets=tickets)
