"""Commands of the domain as the requests that ask for them."""

import re
from dataclasses import fields
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from app.domain.attachments import Attachment
from app.domain.order.answers import AgreeToApplication, ApplyAssistantRule
from app.domain.order.applications import Application
from app.domain.order.commands import OrderCommand
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.tickets import RequestedItem, asks_for_money
from app.domain.shipments import Shipment
from tests.support.story import OPEN
from tools.oracle.requests import Act, sides_of

Json = dict[str, Any]

NOT_IN_A_BODY = {
    *("ticket_id", "side", "without_return", "cost_acknowledged", "rule"),
    *("refund_key", "provider_reference"),
}


def act_of(command: OrderCommand, key: str = "") -> Act:
    """Return the request that asks for a command, by its only side or the one it names."""
    name = operation_of(command)
    ticket_id: str | None = getattr(command, "ticket_id", None)
    return Act(
        name=name,
        by="system" if isinstance(command, ApplyAssistantRule) else _side(command, name),
        key=key,
        body=_body(command),
        ticket=None if ticket_id is None else int(ticket_id.rpartition("-")[2]),
    )


def operation_of(command: OrderCommand) -> str:
    """Return the name of the operation that asks for a command."""
    if isinstance(command, AgreeToApplication) and command.without_return:
        return "agree_without_return"
    return operation_of_class(type(command).__name__)


@cache
def operation_of_class(class_name: str) -> str:
    """Return the name of the operation that asks for commands of a class."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name).lower()


def _side(command: OrderCommand, name: str) -> str:
    side: Enum | None = getattr(command, "side", None)
    return side.value if side is not None else min(sides_of(name))


def _body(command: OrderCommand) -> Json | None:
    if isinstance(command, OpenAfterSalesEntry):
        return OPEN
    shipment: Shipment | None = getattr(command, "shipment", None)
    if shipment is not None:
        return _fields(shipment)
    body = _fields(command)
    if isinstance(command, Application) and not asks_for_money(command.type):
        for item in body["items"]:
            if item["amount"] == 0:  # what asks for goods has no such member
                del item["amount"]
    return body or None


def _fields(value: Any) -> Json:
    names = [field.name for field in fields(value) if field.name not in NOT_IN_A_BODY]
    return {name: _written(getattr(value, name)) for name in names}


def _written(value: Any) -> Any:
    match value:
        case RequestedItem() | Attachment():
            return _fields(value)
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case tuple():
            return [_written(one) for one in value]
        case _:
            return value
