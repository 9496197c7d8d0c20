"""The consumer's application: from the wish to a ticket, and to another wish."""

from collections.abc import Sequence
from datetime import datetime

from app.domain.order.commands import Application
from app.domain.order.decision import Decision
from app.domain.order.facts import Item
from app.domain.order.input_rules import refuse_attachments, refuse_reason
from app.domain.order.state import EntryOpen, ItemRefunds, Order
from app.domain.order.ticket_commands import ModifyApplication
from app.domain.order.ticket_events import ApplicationModified, TicketCreated
from app.domain.order.tickets import (
    RequestedItem,
    Ticket,
    TicketState,
    asks_for_money,
    due_in,
)
from app.domain.policy import Policy
from app.domain.rejections import Rejection, RejectionCode, reject


def apply_for(command: Application, order: Order, now: datetime, policy: Policy) -> Decision:
    """Create the ticket, through the period's own door or through an opened entry."""
    overdue = period_is_over(order, now, policy)
    refusal = (
        _door_closed(order, policy, overdue=overdue)
        or _order_busy_or_done(order)
        or _wish_refused(command, order)
    )
    if refusal is not None:
        return refusal
    entry = order.entry
    return (
        TicketCreated(
            at=now,
            ticket_id=f"{order.facts.order_id}-{len(order.tickets) + 1}",
            buyer_id=order.facts.buyer_id,
            type=command.type,
            items=command.items,
            amount=sum(item.amount for item in command.items),
            currency=order.facts.payment.amount.currency,
            reason=command.reason,
            description=command.description,
            evidence=command.evidence,
            overdue=overdue,
            entry_generation=entry.generation if overdue and isinstance(entry, EntryOpen) else None,
            state=TicketState.PENDING_MERCHANT,
            due=due_in(TicketState.PENDING_MERCHANT, now, policy),
        ),
    )


def modify(
    command: ModifyApplication, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision:
    """Change what an application asks for, a few times at most; it counts as the same one."""
    if ticket.modifications >= policy.modifications_max:
        return reject(RejectionCode.MODIFICATION_LIMIT_REACHED, limit=policy.modifications_max)
    refusal = _wish_refused(command, order)
    if refusal is not None:
        return refusal
    return (
        ApplicationModified(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            type=command.type,
            items=command.items,
            amount=sum(item.amount for item in command.items),
            currency=order.facts.payment.amount.currency,
            reason=command.reason,
            description=command.description,
            evidence=command.evidence,
            state=TicketState.PENDING_MERCHANT,
            due=due_in(TicketState.PENDING_MERCHANT, now, policy),
        ),
    )


def period_is_over(order: Order, now: datetime, policy: Policy) -> bool:
    """Whether the ordinary after-sales period has ended; it has not begun before receipt."""
    confirmed_at = order.receipt_confirmed_at
    return confirmed_at is not None and now >= confirmed_at + policy.after_sales_period


def _door_closed(order: Order, policy: Policy, *, overdue: bool) -> Rejection | None:
    if overdue:
        if isinstance(order.entry, EntryOpen):
            return None
        return reject(RejectionCode.ENTRY_NOT_OPEN)
    if order.applications_in_period >= policy.applications_in_period_max:
        return reject(
            RejectionCode.APPLICATION_LIMIT_REACHED, limit=policy.applications_in_period_max
        )
    return None


def _order_busy_or_done(order: Order) -> Rejection | None:
    active = order.active_ticket
    if active is not None:
        return reject(RejectionCode.TICKET_ALREADY_ACTIVE, ticket_id=active.ticket_id)
    if order.refundable == 0 and order.refunded > 0:
        return reject(RejectionCode.AMOUNT_EXCEEDS_REFUNDABLE, refundable="0")
    return None


def _wish_refused(command: Application | ModifyApplication, order: Order) -> Rejection | None:
    return (
        refuse_reason(command.reason, command.type)
        or _items_refused(command, order)
        or refuse_attachments(command.evidence)
    )


def _items_refused(command: Application | ModifyApplication, order: Order) -> Rejection | None:
    ids = [item.item_id for item in command.items]
    repeated = next((item_id for item_id in ids if ids.count(item_id) > 1), None)
    if repeated is not None:
        return reject(RejectionCode.ITEM_REPEATED, item_id=repeated)
    wants_money = asks_for_money(command.type)
    for requested in command.items:
        refunds = order.refunds.get(requested.item_id, ItemRefunds())
        refusal = _item_refused(requested, order.facts.items, refunds, wants_money=wants_money)
        if refusal is not None:
            return refusal
    if not any(item.amount > 0 or not wants_money for item in command.items):
        return reject(RejectionCode.NOTHING_REQUESTED)
    return None


def _item_refused(
    requested: RequestedItem, items: Sequence[Item], done: ItemRefunds, *, wants_money: bool
) -> Rejection | None:
    item_id = requested.item_id
    item = next((item for item in items if item.item_id == item_id), None)
    if item is None:
        return reject(RejectionCode.ITEM_NOT_IN_ORDER, item_id=item_id)
    if requested.quantity < 1 or requested.amount < 0:
        return reject(RejectionCode.NOTHING_REQUESTED, item_id=item_id)
    quantity_left = item.quantity - done.quantity_returned
    if requested.quantity > quantity_left:
        return reject(RejectionCode.QUANTITY_EXCEEDED, item_id=item_id, left=quantity_left)
    amount_left = item.amount_paid - done.amount if wants_money else 0
    if requested.amount > amount_left:
        return reject(
            RejectionCode.AMOUNT_EXCEEDS_REFUNDABLE, item_id=item_id, refundable=str(amount_left)
        )
    return None
