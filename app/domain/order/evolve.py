"""What an event makes of an order. Total: it never refuses, whatever history comes in."""

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import assert_never

from app.domain.order import (
    answers,
    applications,
    arbitration,
    payouts,
    refunds,
    replacements,
    returns,
)
from app.domain.order.applications import (
    TicketCreated,
    TicketDueReminded,
)
from app.domain.order.commission_split import added
from app.domain.order.entries import (
    AfterSalesEntryExpired,
    AfterSalesEntryExpiring,
    AfterSalesEntryOpened,
    EntryReopeningDeclined,
    EntryReopeningRequested,
)
from app.domain.order.events import OrderEvent, TicketChange
from app.domain.order.payouts import (
    AdvancePayoutPaid,
)
from app.domain.order.refunds import (
    RefundRefused,
    RefundSucceeded,
)
from app.domain.order.registration import (
    OrderRegistered,
    OrderSettled,
    OrderShipped,
    ReceiptConfirmed,
)
from app.domain.order.state import (
    EntryClosed,
    EntryOpen,
    ItemRefunds,
    Order,
    OrderState,
    Unregistered,
)
from app.domain.order.tickets import (
    Ticket,
)


def fold(state: OrderState, events: Iterable[OrderEvent]) -> OrderState:
    """Apply events in their order."""
    for event in events:
        state = evolve(state, event)
    return state


def evolve(state: OrderState, event: OrderEvent) -> OrderState:
    """Return the order after one event."""
    match state:
        case Unregistered(version=version):
            if isinstance(event, OrderRegistered):
                return Order(version=version + 1, updated_at=event.at, facts=event.facts)
            return Unregistered(version=version + 1)
        case Order():
            changed = _evolve_registered(state, event)
            return replace(changed, version=state.version + 1, updated_at=event.at)
        case _:
            assert_never(state)


def _evolve_registered(order: Order, event: OrderEvent) -> Order:
    if isinstance(event, TicketChange):
        changed = _with_changed_ticket(order, event)
        if isinstance(event, RefundSucceeded | AdvancePayoutPaid):
            return _with_refund(changed, event)
        return _settled_late(changed, event) if isinstance(event, RefundRefused) else changed
    match event:
        case OrderRegistered(facts=facts):
            return replace(order, facts=facts)
        case OrderShipped(shipped_at=shipped_at):
            return replace(order, shipped_at=shipped_at)
        case ReceiptConfirmed(confirmed_at=confirmed_at):
            return replace(order, receipt_confirmed_at=confirmed_at)
        case OrderSettled(settled_at=settled_at, shares=shares):
            return replace(order, settled_at=settled_at, settled_shares=shares)
        case AfterSalesEntryOpened():
            return replace(order, entry=_opened(event))
        case AfterSalesEntryExpiring():
            return _with_open_entry(order, reminded=True)
        case (
            AfterSalesEntryExpired(generation=generation)
            | EntryReopeningDeclined(generation=generation)
        ):
            return replace(
                order, entry=EntryClosed(generation=generation, reopening_requested=False)
            )
        case EntryReopeningRequested(generation=generation):
            return replace(
                order, entry=EntryClosed(generation=generation, reopening_requested=True)
            )
        case TicketCreated():
            return _with_created_ticket(order, event)
        case TicketDueReminded():
            return _with_reminded_ticket(order, event)
        case _:
            assert_never(event)


def _opened(event: AfterSalesEntryOpened) -> EntryOpen:
    return EntryOpen(
        generation=event.generation,
        opened_at=event.at,
        expires_at=event.expires_at,
        remind_at=event.remind_at,
        used=False,
        reminded=False,
        acknowledged_cost=event.acknowledged_cost,
    )


def _with_open_entry(order: Order, *, used: bool = False, reminded: bool = False) -> Order:
    if not isinstance(order.entry, EntryOpen):
        return order
    entry = replace(
        order.entry,
        used=order.entry.used or used,
        reminded=order.entry.reminded or reminded,
    )
    return replace(order, entry=entry)


def _with_created_ticket(order: Order, event: TicketCreated) -> Order:
    entry = order.entry if event.overdue else None
    previewed = entry.acknowledged_cost if isinstance(entry, EntryOpen) else None
    ticket = applications.created_ticket(event, order.version + 1, previewed)
    applied = replace(
        order,
        tickets=MappingProxyType({**order.tickets, event.ticket_id: ticket}),
        applications_in_period=order.applications_in_period + (0 if event.overdue else 1),
    )
    return _with_open_entry(applied, used=event.overdue)


def _with_changed_ticket(order: Order, event: TicketChange) -> Order:
    ticket = order.tickets.get(event.ticket_id)
    if ticket is None:
        return order
    changed = _changed_ticket(ticket, event, order.version + 1)
    return replace(order, tickets=MappingProxyType({**order.tickets, event.ticket_id: changed}))


def _with_reminded_ticket(order: Order, event: TicketDueReminded) -> Order:
    ticket = order.tickets.get(event.ticket_id)
    if ticket is None:
        return order
    reminded = replace(ticket, reminded=True)
    return replace(order, tickets=MappingProxyType({**order.tickets, event.ticket_id: reminded}))


def _changed_ticket(ticket: Ticket, event: TicketChange, version: int) -> Ticket:
    """Return the ticket after one more event, at a version of its order's stream."""
    return replace(
        _evolve_ticket(ticket, event),
        state=event.state,
        due=event.due,
        version=version,
        reminded=ticket.reminded and event.due == ticket.due,
    )


def _evolve_ticket(ticket: Ticket, event: TicketChange) -> Ticket:
    if isinstance(event, answers.AnswerToApplication):
        return answers.evolve(ticket, event)
    if isinstance(event, applications.ApplicationChange):
        return applications.evolve(ticket, event)
    if isinstance(event, returns.ReturnChange):
        return returns.evolve(ticket, event)
    if isinstance(event, replacements.ReplacementChange):
        return replacements.evolve(ticket, event)
    if isinstance(event, arbitration.ArbitrationChange):
        return arbitration.evolve(ticket, event)
    if isinstance(event, refunds.RefundChange):
        return refunds.evolve(ticket, event)
    return payouts.evolve(ticket, event)


def _settled_late(order: Order, event: RefundRefused) -> Order:
    if event.settled_late is None or order.settled_shares is None:
        return order
    return replace(order, settled_shares=added(order.settled_shares, event.settled_late))


def _with_refund(order: Order, event: RefundSucceeded | AdvancePayoutPaid) -> Order:
    ticket = order.tickets.get(event.ticket_id)
    returned = ticket is not None and ticket.goods_returned
    refunds = dict(order.refunds)
    for item in event.items:
        before = refunds.get(item.item_id, ItemRefunds())
        refunds[item.item_id] = ItemRefunds(
            amount=before.amount + item.amount,
            quantity_returned=before.quantity_returned + (item.quantity if returned else 0),
        )
    return replace(order, refunds=MappingProxyType(refunds))
