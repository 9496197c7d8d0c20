"""What happens to an order as time passes: reminders, deadlines, the end of an entry."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from tools.oracle.order import PlainOrder
from tools.oracle.rules import ENTRY_REMINDER_BEFORE, ORDER_AGE_MAX, PERIOD
from tools.oracle.ticket import PlainDue, PlainTicket

_STEPS_MAX = 200

_Step = tuple[datetime, int, Callable[[], None]]
"""When, after what else of the same instant, and what."""


def pass_time(order: PlainOrder, now: datetime) -> None:
    """Apply what is due up to an instant, the earliest first.

    At one instant reminders come first, then tickets, then the entry.
    """
    for _ in range(_STEPS_MAX):
        due = [step for step in _steps(order) if step[0] <= now]
        if not due:
            return
        min(due, key=lambda step: step[:2])[2]()
    raise AssertionError(f"{order.order_id} never comes to rest")


def boundaries(order: PlainOrder) -> Iterator[datetime]:
    """Return the instants at which the answer to some request changes."""
    for at, _, _ in _steps(order):
        yield at
    if "received" in order.reported:
        yield order.reported["received"] + PERIOD
    yield order.created_at + ORDER_AGE_MAX


def _steps(order: PlainOrder) -> Iterator[_Step]:
    for ticket in order.tickets:
        if ticket.due is not None:
            if not ticket.due.reminded:
                yield ticket.due.remind_at, 0, partial(_remind, order, ticket, ticket.due)
            yield ticket.due.at, 1, partial(_act, order, ticket, ticket.due)
    entry = order.entry
    if entry.state == "open" and entry.expires_at is not None:
        remind_at = entry.expires_at - ENTRY_REMINDER_BEFORE
        if not entry.used and not entry.reminded:
            yield remind_at, 2, partial(_expiring, order, remind_at)
        yield entry.expires_at, 3, partial(_expired, order, entry.expires_at)


def _remind(order: PlainOrder, ticket: PlainTicket, due: PlainDue) -> None:
    due.reminded = True
    order.note(
        due.remind_at,
        "ticket_due_reminded",
        ticket.ticket_id,
        "system",
        ticket.state,
        **{due.concerns: "ticket_due_soon"},
    )


def _expiring(order: PlainOrder, at: datetime) -> None:
    order.entry.reminded = True
    order.note(at, "entry_expiring", "entry", "system", "open", consumer="entry_expiring")


def _expired(order: PlainOrder, at: datetime) -> None:
    order.entry.state = "closed"
    code = "entry_expired" if order.entry.used else "entry_expired_unused"
    order.note(at, code, "entry", "system", "closed", consumer="entry_expired")


def _act(order: PlainOrder, ticket: PlainTicket, due: PlainDue) -> None:
    at = due.at
    match due.action:
        case "agree":
            ticket.grant(at, goods_settled=ticket.goods_back)
            ticket.agreed_automatically, ticket.agreed_without_return = True, False
            order.changed(
                ticket,
                at,
                "application_agreed_automatically",
                "system",
                consumer=notifications_for_agreement(ticket),
                merchant="application_agreed_automatically",
            )
        case "close":
            returning = ticket.state == "awaiting_return"
            ticket.close("not_returned_in_time" if returning else "rejection_not_contested", at)
            order.changed(ticket, at, "ticket_closed", "system", consumer="ticket_closed")
        case "confirm_return":
            ticket.goods_back = True
            ticket.grant(at, goods_settled=True)
            order.changed(
                ticket,
                at,
                "return_received_automatically",
                "system",
                consumer="return_received",
                merchant="return_received_automatically",
            )
        case "escalate":
            ticket.begin_arbitration("replacement_not_shipped", at, shown=0)
            message = "ticket_escalated"
            order.changed(
                ticket, at, "ticket_escalated", "system", consumer=message, merchant=message
            )
        case "complete":
            ticket.enter("completed", at)
            code, message = "replacement_received_automatically", "replacement_received"
            order.changed(ticket, at, code, "system", merchant=message)
        case "rule_for_buyer":
            _rule_by_default(order, ticket, at)
        case _:
            raise AssertionError(due.action)


def _rule_by_default(order: PlainOrder, ticket: PlainTicket, at: datetime) -> None:
    """Rule for the buyer: what was asked for, or the money for goods that never came."""
    arbitration = ticket.arbitration
    assert arbitration is not None  # noqa: S101 - it is in arbitration
    in_money = arbitration.cause == "replacement_not_shipped"
    if in_money:
        ticket.granted = order.worth(ticket)
    amount = sum(asked.amount for asked in ticket.granted)
    arbitration.ruling = {
        "ruling": "for_buyer",
        "blame": "merchant",
        "automatic": True,
        "final_amount": {"amount": amount},
        "ruled_at": at,
    }
    if in_money and amount == 0:
        ticket.close("nothing_left_to_refund", at)
    elif in_money:
        ticket.enter("refunding", at)
    else:
        ticket.grant(at, goods_settled=ticket.goods_back)
    message = "arbitration_ruled"
    code = "arbitration_ruled_automatically"
    order.changed(ticket, at, code, "system", consumer=message, merchant=message)


def notifications_for_agreement(ticket: PlainTicket) -> str:
    """Return the buyer's message about an agreement: with a return, to ship the goods back."""
    return "ship_goods_back" if ticket.state == "awaiting_return" else "application_agreed"
