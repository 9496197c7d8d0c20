"""Commands of the rules as the requests that ask for them, and answers in the plain words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from app.domain.attachments import Attachment
from app.domain.order.applications import Application
from app.domain.order.commands import OrderCommand
from app.domain.order.tickets import RequestedItem, Side, asks_for_money
from app.domain.shipments import Shipment
from tests.support.api import Api, Caller
from tests.support.story import OPEN, instant

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: whose, what for, below the order's path or that of one of its tickets."""

    by: str
    path: str
    body: Json | None = None


def request_for(command: Any) -> Asked:
    """Return the request that asks for a command."""
    return _REQUESTS[type(command).__name__](command)


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


def _told(path: str, name: str) -> Callable[[Any], Asked]:
    return lambda told: Asked(
        by="platform", path=path, body={name: getattr(told, name).isoformat()}
    )


def _plainly(by: str, path: str, body: Json | None = None) -> Callable[[Any], Asked]:
    return lambda _: Asked(by=by, path=path, body=body)


def _with(by: str | None, path: str, *names: str) -> Callable[[Any], Asked]:
    """Send these fields of a command; the side is its own where none is given."""
    return lambda command: Asked(
        by=by or command.side.value,
        path=path,
        body={name: _written(getattr(command, name)) for name in names},
    )


def _parcel(by: str, path: str) -> Callable[[Any], Asked]:
    return lambda command: Asked(by=by, path=path, body=_written(command.shipment))


def _written(value: Any) -> Any:
    match value:
        case Attachment(url=url, media_type=media_type, size_bytes=size_bytes):
            return {"url": url, "media_type": media_type, "size_bytes": size_bytes}
        case Shipment(carrier=carrier, tracking_number=number):
            return {"carrier": carrier.value, "tracking_number": number}
        case tuple():
            return [_written(one) for one in value]
        case _:
            return value


def _applied(path: str) -> Callable[[Application], Asked]:
    def asked(wish: Application) -> Asked:
        money = asks_for_money(wish.type)
        body = _with("consumer", path, "reason", "evidence")(wish).body or {}
        body["items"] = [_item(item, money=money) for item in wish.items]
        if money:
            body["return_goods"] = getattr(wish, "return_goods", False)
        return Asked(by="consumer", path=path, body=body)

    return asked


def _modified(command: Any) -> Asked:
    body = _with("consumer", "modify", "type", "reason", "evidence")(command).body or {}
    body["items"] = [_item(item, money=True) for item in command.items]
    return Asked(by="consumer", path="modify", body=body)


def _item(item: RequestedItem, *, money: bool) -> Json:
    asked: Json = {"item_id": item.item_id, "quantity": item.quantity}
    return {**asked, "amount": item.amount} if money else asked


def _agreed(command: Any) -> Asked:
    path = "agree-without-return" if command.without_return else "agree"
    return Asked(by="merchant", path=path)


_EVIDENCE = ("reason", "note", "evidence")
_REQUESTS: dict[str, Callable[[Any], Asked]] = {
    "RecordShipment": _told("shipment", "shipped_at"),
    "RecordReceiptConfirmation": _told("receipt-confirmation", "confirmed_at"),
    "RecordSettlement": _told("settlement", "settled_at"),
    "OpenAfterSalesEntry": _plainly("merchant", "after-sales-entry/open", OPEN),
    "RequestEntryReopening": _plainly("consumer", "after-sales-entry/reopening-request", {}),
    "DeclineEntryReopening": _with("merchant", "after-sales-entry/decline", "reason"),
    "RequestRefund": _applied("refund-requests"),
    "RequestExchange": _applied("exchange-requests"),
    "RequestReissue": _applied("reissue-requests"),
    "RequestRepair": _applied("repair-requests"),
    "AgreeToApplication": _agreed,
    "RejectApplication": _with("merchant", "reject", *_EVIDENCE),
    "ModifyApplication": _modified,
    "WithdrawApplication": _plainly("consumer", "withdraw"),
    "ProcessRejectedTicket": _plainly("merchant", "process-again"),
    "ShipGoodsBack": _parcel("consumer", "ship-back"),
    "CorrectReturnShipment": _parcel("consumer", "correct-return"),
    "ExtendReturnDeadline": _with("merchant", "extend-return", "days"),
    "ConfirmReturnReceipt": _plainly("merchant", "confirm-return"),
    "RejectReturnedGoods": _with("merchant", "reject-return", *_EVIDENCE),
    "ShipReplacement": _parcel("merchant", "ship-replacement"),
    "ConfirmReplacementReceipt": _plainly("consumer", "confirm-replacement"),
    "RequestArbitration": _with("consumer", "arbitration", "note", "evidence"),
    "SubmitArbitrationEvidence": _with(None, "arbitration/evidence", "note", "evidence"),
    "RuleArbitration": _with(
        "platform", "arbitration/rule", "ruling", "blame", "final_amount", "note"
    ),
    "WithdrawArbitration": _plainly("consumer", "arbitration/withdraw"),
    "AddTicketRemark": _with(None, "remarks", "text", "pictures"),
    "RecordRefundSuccess": _plainly("platform", "refund-success"),
}


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
