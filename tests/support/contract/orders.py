"""Orders and tickets in all their states."""

import json
from datetime import timedelta
from typing import Any

from app.api.operations.decisions import DECISIONS
from app.domain.order.commands import TRANSITIONS
from app.domain.order.tickets import TicketState
from tests.support.api import SHOP, Api
from tests.support.contract.stock import Stock, in_shop
from tests.support.operations import BODIES
from tests.support.story import (
    A_PARCEL,
    OPEN,
    RECEIVED,
    SHIPPED,
    a_refund,
    an_item,
    an_order,
    done,
    order_path,
    orders_of,
    some_goods,
    ticket_path,
)

TICKET_STEPS: dict[str, tuple[tuple[str, str, Any], ...]] = {
    "applied": (),
    "agreed": (("merchant", "agree-to-application", None),),
    "to_return": (("merchant", "agree-to-application", None),),
    "returned": (
        ("merchant", "agree-to-application", None),
        ("consumer", "ship-goods-back", A_PARCEL),
    ),
    "to_ship": (("merchant", "agree-to-application", None),),
    "shipped": (
        ("merchant", "agree-to-application", None),
        ("merchant", "ship-replacement", A_PARCEL),
    ),
    "rejected": (("merchant", "reject-application", {"reason": "no_evidence"}),),
    "disputed": (
        ("merchant", "reject-application", {"reason": "no_evidence"}),
        ("consumer", "request-arbitration", {"note": "商家不讲理"}),
    ),
}
"""What brings a ticket just applied for into each state: who asks for what."""

APPLICATIONS = {
    "to_return": ("refund-requests", a_refund(return_goods=True)),
    "returned": ("refund-requests", a_refund(return_goods=True)),
    "to_ship": ("reissue-requests", some_goods()),
    "shipped": ("reissue-requests", some_goods()),
}
"""What was applied for, where it is not money alone."""

STATES = ("registered", "received", "asked", *TICKET_STEPS)
EACH = 12
"""Orders of each state to draw from."""
KEPT = 3
"""Orders kept for each operation, for requests sure to be granted: it has them for itself."""

STATE_AFTER = {
    "applied": TicketState.PENDING_MERCHANT,
    "agreed": TicketState.REFUNDING,
    "to_return": TicketState.AWAITING_RETURN,
    "returned": TicketState.AWAITING_MERCHANT_RECEIPT,
    "to_ship": TicketState.AWAITING_REPLACEMENT,
    "shipped": TicketState.AWAITING_BUYER_RECEIPT,
    "rejected": TicketState.REJECTED,
    "disputed": TicketState.IN_ARBITRATION,
}
"""Where a ticket stands after the steps to each state."""


def _first_allowing(command: type[Any]) -> str:
    allowed = TRANSITIONS[command].states
    return next(name for name, state in STATE_AFTER.items() if state in allowed)


GRANTED_IN = {
    "record_shipment": "registered",
    "record_receipt_confirmation": "registered",
    "record_settlement": "registered",
    "open_after_sales_entry": "received",
    "open_after_sales_entries": "received",
    "decline_entry_reopening": "asked",
    "request_entry_reopening": "asked",
    "request_refund": "registered",
    "request_exchange": "registered",
    "request_reissue": "registered",
    "request_repair": "registered",
    **{row.name: _first_allowing(row.command) for row in DECISIONS if row.command},
    "get_ticket_cost": "applied",
    "decide_tickets": "applied",
}
"""The state of an order in which an operation is sure to be granted."""


async def stock_of_orders(api: Api) -> Stock:
    """Bring orders into all states."""
    await imported(api, named(STATES[0]), received=False)
    for state in STATES[1:]:
        await imported(api, named(state))
    await opened_all(api, named("asked"))
    api.clock.advance(timedelta(days=5))
    consumer = api.consumer()
    for order_id in named("asked"):
        asking = f"{order_path(order_id)}/after-sales-entry/reopening-request"
        done(await consumer.post(asking, {}))
    for state in TICKET_STEPS:
        await opened_all(api, named(state))
        for order_id in named(state):
            await _applied(api, state, order_id)
    orders = [f"{state}-{number}" for state in STATES for number in range(EACH)]
    tickets = [f"{order_id}-1" for order_id in orders[-len(TICKET_STEPS) * EACH :]]
    return Stock(drawn={"order_id": orders, "ticket_id": tickets}, grantable=_grantable())


def named(state: str, each: int | None = None) -> list[str]:
    """Return the ids of the orders of a state: all there are, or so many."""
    all_there_are = EACH + KEPT * len(_granted_operations(state))
    return [f"{state}-{number}" for number in range(each or all_there_are)]


async def imported(
    api: Api, order_ids: list[str], *, paid: int = 10_000, received: bool = True
) -> None:
    """Import orders of eight items each, every one of which was paid so much for."""
    facts = {"shipped_at": SHIPPED, "receipt_confirmed_at": RECEIVED} if received else {}
    items = [an_item(f"item-{number}", amount_paid=paid) for number in range(1, 9)]
    lines = [json.dumps({**an_order(order_id, items=items), **facts}) for order_id in order_ids]
    headers = {"Content-Type": "application/x-ndjson"}
    path, content = f"{orders_of()}/import", "\n".join(lines)
    await api.platform.send("POST", path, headers=headers, content=content)


async def opened_all(api: Api, order_ids: list[str]) -> None:
    """Open the entries of orders."""
    body = {**OPEN, "order_ids": order_ids}
    done(await api.merchant.post(f"/v1/shops/{SHOP}/after-sales-entries/open", body))


async def _applied(api: Api, state: str, order_id: str) -> None:
    """Apply for what the state needs, and take the steps to it."""
    consumer = api.consumer()
    path, application = APPLICATIONS.get(state, ("refund-requests", a_refund()))
    applying = f"{order_path(order_id)}/{path}"
    done(await consumer.post(applying, application, key=order_id), 201)
    for side, step, body in TICKET_STEPS[state]:
        caller = api.merchant if side == "merchant" else consumer
        done(await caller.post(f"{ticket_path(1, order_id)}/{step}", body))


def _grantable() -> dict[str, list[dict[str, Any]]]:
    """Each operation has orders of the state it needs for itself."""
    found = {}
    for state in STATES:
        for place, name in enumerate(_granted_operations(state)):
            begin = EACH + KEPT * place
            numbers = range(begin, begin + KEPT)
            found[name] = [_granted_in(state, name, number) for number in numbers]
    return found


def _granted_operations(state: str) -> list[str]:
    return [name for name, needed in GRANTED_IN.items() if needed == state]


def _granted_in(state: str, name: str, number: int) -> dict[str, Any]:
    order_id, body = f"{state}-{number}", BODIES.get(name)
    ticket_id = f"{order_id}-1"
    if name == "decide_tickets":
        return in_shop({"items": [{"ticket_id": ticket_id, "decision": "agree_to_application"}]})
    if name == "open_after_sales_entries":
        return in_shop({**OPEN, "order_ids": [order_id]})
    if state in TICKET_STEPS:
        return in_shop(body, ticket_id=ticket_id)
    return in_shop(body, order_id=order_id)
