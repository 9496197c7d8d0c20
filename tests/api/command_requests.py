"""Commands of the rules as the requests that ask for them, and answers in the plain words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from app.api.operation import Operation
from app.api.operations.table import OPERATIONS
from app.domain.attachments import Attachment
from app.domain.order.applications import ModifyApplication
from app.domain.order.commands import OrderCommand
from app.domain.order.tickets import RequestedItem, Side, asks_for_money
from app.domain.shipments import Shipment
from tests.support.api import Api, Caller
from tests.support.story import instant

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: whose, what for, below the order's path or that of one of its tickets."""

    by: str
    path: str
    body: Json | None = None


def request_for(command: Any) -> Asked:
    """Return the request that asks for a command, as its row of the operations table has it."""
    row = next(row for row in _ROWS if _is_of(row, command))
    side = getattr(command, "side", None)
    below = row.path.partition("_id}/")[2].partition("_id}/")[2]
    fields = {} if row.body is None or row.optional_body else row.body.model_fields
    body = {name: _field(row, command, name) for name in fields}
    return Asked(
        by=row.roles[0].value if side is None else side.value,
        path=below,
        body=body if fields else None,
    )


def _is_of(row: Operation, command: Any) -> bool:
    return row.command is type(command) and all(
        getattr(command, name) == value for name, value in row.values.items()
    )


def _field(row: Operation, command: Any, name: str) -> Any:
    """Return what a body has in a field: the command's, its parcel's, or an acknowledgement."""
    if name == "items":
        money = row.command is ModifyApplication or asks_for_money(command.type)
        return [_item(item, money=money) for item in command.items]
    if hasattr(command, name):
        return _written(getattr(command, name))
    return _written(command.shipment)[name] if hasattr(command, "shipment") else True


async def ask(api: Api, order: str, command: OrderCommand, key: str) -> httpx.Response:
    """Ask for a command on the order at a path, or on the ticket the command names."""
    asked = request_for(command)
    ticket_id = getattr(command, "ticket_id", None)
    shop = order.rpartition("/orders/")[0]
    base = order if ticket_id is None else f"{shop}/tickets/{ticket_id}"
    return await _caller(api, asked.by).post(f"{base}/{asked.path}", asked.body, key=key)


def _caller(api: Api, side: str) -> Caller:
    return {
        Side.PLATFORM.value: api.platform,
        Side.MERCHANT.value: api.merchant,
        Side.CONSUMER.value: api.consumer(),
    }[side]


def _written(value: Any) -> Any:
    match value:
        case Attachment(url=url, media_type=media_type, size_bytes=size_bytes):
            return {"url": url, "media_type": media_type, "size_bytes": size_bytes}
        case Shipment(carrier=carrier, tracking_number=number):
            return {"carrier": carrier.value, "tracking_number": number}
        case datetime():
            return value.isoformat()
        case tuple():
            return [_written(one) for one in value]
        case _:
            return value


def _item(item: RequestedItem, *, money: bool) -> Json:
    asked: Json = {"item_id": item.item_id, "quantity": item.quantity}
    return {**asked, "amount": item.amount} if money else asked


_ROWS = sorted((row for row in OPERATIONS if row.command), key=lambda row: not row.values)
"""Those first that are told from others of the same command by a value."""


def described_answer(order: Json) -> Json:
    """Describe an order as it was answered, in the words of the plain telling as far as they go."""
    told = {
        "RecordShipment": order["shipped_at"],
        "RecordReceiptConfirmation": order["receipt_confirmed_at"],
        "RecordSettlement": order["settled_at"],
    }
    entry = order["after_sales_entry"]
    is_open = entry["state"] == "open"
    return {
        "version": order["version"],
        "told": {fact: instant(at) for fact, at in told.items() if at is not None},
        "counted": sum(not ticket["overdue"] for ticket in order["tickets"]),
        "entry": {
            "generation": entry["generation"],
            "asked": entry["reopening_request"] is not None,
            "expires": instant(entry["expires_at"]) if is_open else None,
            "used": is_open and entry["used"],
        },
        "tickets": [described_ticket(ticket) for ticket in order["tickets"]],
    }


def described_ticket(ticket: Json) -> Json:
    """Describe a ticket as it was answered."""
    parcel, due = ticket["return_parcel"], ticket["due"]
    current = ticket["arbitration"] if ticket["state"] == "in_arbitration" else None
    return {
        "kind": ticket["type"],
        "state": ticket["state"],
        "reason": ticket["reason"],
        "overdue": ticket["overdue"],
        "due": (instant(due["at"]), due["action"]) if due else None,
        "version": ticket["version"],
        "modifications": ticket["modifications"],
        "extensions": ticket["return_extensions"],
        "remarks": len(ticket["remarks"]),
        "parcel": (parcel["carrier"], parcel["tracking_number"]) if parcel else None,
        "corrected": parcel is not None and parcel["corrected_at"] is not None,
        "cause": current["cause"] if current else None,
    }


def by_then(lines: list[Json], at: datetime) -> list[Json]:
    """Return the lines of a log up to an instant."""
    return [line for line in lines if instant(line["occurred_at"]) <= at]
