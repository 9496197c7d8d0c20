"""The views of an order that the API must show, as far as the rules say."""

from collections.abc import Sequence
from typing import Any

from tools.oracle.order import Happening, PlainEntry, PlainOrder
from tools.oracle.rules import DOUDIAN_CODES
from tools.oracle.ticket import Asked, PlainDue, PlainTicket

Json = dict[str, Any]


def order_view(order: PlainOrder) -> Json:
    """Return the view of a whole order, with its log."""
    return {
        "order_id": order.order_id,
        "buyer_id": order.buyer_id,
        "created_at": order.created_at,
        "shipped_at": order.reported.get("shipped"),
        "receipt_confirmed_at": order.reported.get("received"),
        "settled_at": order.reported.get("settled"),
        "refunded": {"amount": sum(order.paid_back.values())},
        "after_sales_entry": entry_view(order.entry),
        "tickets": [ticket_view(order, ticket) for ticket in order.tickets],
        "version": order.version,
        "updated_at": order.happened[-1].at,
        "operation_log": log_view(order),
    }


def log_view(order: PlainOrder) -> list[Json]:
    """Return the operation log: everything that happened, by whom, in order."""
    return [
        {
            "version": number,
            "code": line.code,
            "subject": line.subject,
            "before": line.before,
            "after": line.after,
            "occurred_at": line.at,
            "clock": "test",
            "actor": _actor(order, line),
        }
        for number, line in enumerate(order.happened, start=1)
    ]


def entry_view(entry: PlainEntry) -> Json:
    """Return the view of an entry."""
    return {
        "state": entry.state,
        "generation": entry.generation,
        "opened_at": entry.opened_at,
        "expires_at": entry.expires_at,
        "used": entry.used,
        "reopening_request": entry.asked_at and {"requested_at": entry.asked_at},
        "last_decline": entry.declined
        and {"declined_at": entry.declined[0], "reason": entry.declined[1]},
        "acknowledged_cost": None if entry.cost is None else {"refundable": entry.cost},
    }


def ticket_view(order: PlainOrder, ticket: PlainTicket) -> Json:
    """Return the view of a ticket."""
    picture = {
        "ticket_id": ticket.ticket_id,
        "order_id": order.order_id,
        "buyer_id": order.buyer_id,
        "type": ticket.type,
        "state": ticket.state,
        "items": _items(ticket.asked),
        "amount": {"amount": sum(asked.amount for asked in ticket.asked)},
        "reason": ticket.reason,
        "overdue": ticket.overdue,
        "labels": [{"code": "overdue"}] if ticket.overdue else [],
        "entry_generation": ticket.generation,
        "due": ticket.due and _due(ticket.due),
        "modifications": ticket.modifications,
        "agreed_automatically": ticket.agreed_automatically,
        "agreed_without_return": ticket.agreed_without_return,
        "rejection": ticket.rejection and {"reason": ticket.rejection},
        "returned_goods_rejection": ticket.return_rejection and {"reason": ticket.return_rejection},
        "return_parcel": _parcel(ticket.parcel),
        "return_extensions": ticket.extensions,
        "replacement_parcel": _parcel(ticket.replacement),
        "arbitration": _arbitration(ticket),
        "closed_at": ticket.closed_at,
        "close_cause": ticket.close_cause,
        "refunded": {"amount": ticket.refunded},
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
        "version": ticket.version,
    }
    if ticket.state in DOUDIAN_CODES:
        picture["doudian_code"] = DOUDIAN_CODES[ticket.state]
    return picture


def inbox_view(orders: Sequence[PlainOrder], recipient: str) -> dict[str, list[Json]]:
    """Return the messages a recipient must have about each order, oldest first."""
    return {
        order.order_id: [
            {
                "order_id": order.order_id,
                "template": line.messages[recipient],
                "created_at": line.at,
            }
            for line in order.happened
            if recipient in line.messages
        ]
        for order in orders
    }


def _actor(order: PlainOrder, line: Happening) -> Json:
    if line.role == "consumer":
        return {"role": "consumer", "id": order.buyer_id}
    return {"role": line.role}


def _items(asked: Sequence[Asked]) -> list[Json]:
    return [
        {"item_id": one.item_id, "quantity": one.quantity, "amount": one.amount} for one in asked
    ]


def _due(due: PlainDue) -> Json:
    return {
        "at": due.at,
        "action": due.action,
        "concerns": due.concerns,
        "remind_at": due.remind_at,
    }


def _parcel(parcel: tuple[str, str] | None) -> Json | None:
    return parcel and {"carrier": parcel[0], "tracking_number": parcel[1]}


def _arbitration(ticket: PlainTicket) -> Json | None:
    arbitration = ticket.arbitration
    if arbitration is None:
        return None
    return {
        "number": arbitration.number,
        "cause": arbitration.cause,
        "began_at": arbitration.began_at,
        "evidence": [{} for _ in range(arbitration.shown)],
        "withdrawn_at": arbitration.withdrawn_at,
        "ruling": arbitration.ruling,
    }
