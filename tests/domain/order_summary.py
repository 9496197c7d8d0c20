"""An order in a few comparable words: as the domain, the oracle and people see it."""

from typing import Any

from app.domain.order.state import EntryClosed, EntryOpen, NeverOpened, Order
from app.domain.order.tickets import ArbitrationCause, Ticket
from app.domain.shipments import Shipment
from app.projections.orders.view import EntryState, OrderView
from app.projections.tickets.view import ArbitrationView, TicketView
from tools.oracle.order import PlainOrder
from tools.oracle.ticket import PlainTicket


def summary(order: Order) -> dict[str, Any]:
    """Summarize an order of the domain."""
    facts = {
        "shipped": order.shipped_at,
        "received": order.receipt_confirmed_at,
        "settled": order.settled_at,
    }
    return {
        "version": order.version,
        "facts": {fact: at for fact, at in facts.items() if at is not None},
        "counted": order.applications_in_period,
        "entry": _entry(order),
        "back": {
            item_id: (done.amount, done.quantity_returned)
            for item_id, done in order.refunds.items()
            if done.amount or done.quantity_returned
        },
        "tickets": [_ticket(ticket) for ticket in order.tickets.values()],
    }


def _entry(order: Order) -> dict[str, Any]:
    match order.entry:
        case NeverOpened():
            return {"generation": 0, "asked": False, "expires": None, "used": False}
        case EntryOpen(generation=generation, expires_at=expires_at, used=used):
            return {"generation": generation, "asked": False, "expires": expires_at, "used": used}
        case EntryClosed(generation=generation, reopening_requested=asked):
            return {"generation": generation, "asked": asked, "expires": None, "used": False}


def _ticket(ticket: Ticket) -> dict[str, Any]:
    arbitration = ticket.arbitration
    evidence = {
        "consumer": arbitration.consumer_evidence if arbitration else 0,
        "merchant": arbitration.merchant_evidence if arbitration else 0,
    }
    return {
        "kind": ticket.type.value,
        "state": ticket.state.value,
        "reason": ticket.reason.value,
        "wanted": [(item.item_id, item.quantity, item.amount) for item in ticket.items],
        "amount": ticket.amount,
        "overdue": ticket.overdue,
        "due": (ticket.due.at, ticket.due.action.value) if ticket.due else None,
        "remind": ticket.due.remind_at if ticket.due and not ticket.reminded else None,
        "version": ticket.version,
        "modifications": ticket.modifications,
        "extensions": ticket.return_extensions,
        "remarks": ticket.remarks,
        "parcel": _parcel(ticket.return_shipment),
        "corrected": ticket.return_shipment_corrected,
        "cause": arbitration.cause.value if arbitration else None,
        "evidence": [(side, number) for side, number in evidence.items() if number],
    }


def expected_summary(order: PlainOrder) -> dict[str, Any]:
    """Summarize what the oracle expects of an order."""
    entry = order.entry
    is_open = entry.state == "open"
    return {
        "version": order.version,
        "facts": order.reported,
        "counted": order.counted,
        "entry": {
            "generation": entry.generation,
            "asked": entry.asked_at is not None,
            "expires": entry.expires_at if is_open else None,
            "used": is_open and entry.used,
        },
        "back": {
            item["item_id"]: (paid_back, sent_back)
            for item in order.line["items"]
            if (paid_back := order.paid_back.get(item["item_id"], 0))
            | (sent_back := order.sent_back.get(item["item_id"], 0))
        },
        "tickets": [_expected_ticket(ticket) for ticket in order.tickets],
    }


def _expected_ticket(ticket: PlainTicket) -> dict[str, Any]:
    due = ticket.due
    current = ticket.arbitration if ticket.state == "in_arbitration" else None
    return {
        "kind": ticket.type,
        "state": ticket.state,
        "reason": ticket.reason,
        "wanted": [(asked.item_id, asked.quantity, asked.amount) for asked in ticket.granted],
        "amount": sum(asked.amount for asked in ticket.granted),
        "overdue": ticket.overdue,
        "due": (due.at, due.action) if due else None,
        "remind": due.remind_at if due and not due.reminded else None,
        "version": ticket.version,
        "modifications": ticket.modifications,
        "extensions": ticket.extensions,
        "remarks": ticket.remarks,
        "parcel": ticket.parcel,
        "corrected": ticket.parcel_corrected,
        "cause": current.cause if current else None,
        "evidence": [(side, number) for side, number in current.given.items() if number]
        if current
        else [],
    }


def summary_of_view(view: OrderView) -> dict[str, Any]:
    """Summarize what people are shown, as far as they are."""
    facts = {
        "shipped": view.shipped_at,
        "received": view.receipt_confirmed_at,
        "settled": view.settled_at,
    }
    is_open = view.entry.state is EntryState.OPEN
    return {
        "version": view.version,
        "facts": {fact: at for fact, at in facts.items() if at is not None},
        "counted": sum(not ticket.overdue for ticket in view.tickets),
        "entry": {
            "generation": view.entry.generation,
            "asked": view.entry.reopening is not None,
            "expires": view.entry.expires_at if is_open else None,
            "used": is_open and view.entry.used,
        },
        "tickets": [_ticket_view(ticket) for ticket in view.tickets],
    }


def _ticket_view(ticket: TicketView) -> dict[str, Any]:
    parcel = ticket.return_shipment
    current = ticket.arbitration if ticket.state.value == "in_arbitration" else None
    return {
        "kind": ticket.type.value,
        "state": ticket.state.value,
        "reason": ticket.reason.value,
        "overdue": ticket.overdue,
        "due": (ticket.due.at, ticket.due.action.value) if ticket.due else None,
        "version": ticket.version,
        "modifications": ticket.modifications,
        "extensions": ticket.return_extensions,
        "remarks": len(ticket.remarks),
        "parcel": _parcel(parcel.shipment if parcel else None),
        "corrected": parcel is not None and parcel.corrected_at is not None,
        "cause": current.cause.value if current else None,
        "evidence": _evidence(current),
    }


def _evidence(arbitration: ArbitrationView | None) -> list[tuple[str, int]]:
    """Count submissions by side; what came with the buyer's request is shown, but not counted."""
    if arbitration is None:
        return []
    sides = [given.side.value for given in arbitration.evidence]
    if arbitration.cause is ArbitrationCause.BUYER_REQUEST:
        sides.remove("consumer")
    return [(side, sides.count(side)) for side in ("consumer", "merchant") if side in sides]


def as_far_as(shown: Any, whole: Any) -> Any:
    """Return the part of a summary that another one has too."""
    if isinstance(shown, dict) and isinstance(whole, dict):
        return {name: as_far_as(shown[name], whole[name]) for name in shown}
    if isinstance(shown, list) and isinstance(whole, list) and len(shown) == len(whole):
        return [as_far_as(one, other) for one, other in zip(shown, whole, strict=True)]
    return whole


def _parcel(shipment: Shipment | None) -> tuple[str, str] | None:
    return (shipment.carrier.value, shipment.tracking_number) if shipment else None
