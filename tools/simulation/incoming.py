"""Imports the orders of a shop as NDJSON, some twice, some among lines that are refused."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tools.oracle.order import PlainOrder
from tools.oracle.rules import DAY
from tools.simulation.comparing import differences, instant
from tools.simulation.facts import Line
from tools.simulation.playing import Stage
from tools.simulation.service import Answer

_SENT_AGAIN_MAX = 20
_MEMBERS = (
    ("shipped_at", "shipped"),
    ("receipt_confirmed_at", "received"),
    ("settled_at", "settled"),
)


async def take_in(stage: Stage, lines: Sequence[Line], *, with_faults: bool) -> list[PlainOrder]:
    """Import orders; ``with_faults`` also sends known ones again, and lines that are refused."""
    if not lines:
        return []
    orders = []
    answer = await _imported(stage, lines)
    taken = {201} if answer.attempts == 1 else {200, 201}
    for line, result in zip(lines, _results(answer), strict=True):
        order = _registered(line, stage.now)
        orders.append(order)
        got = {"code": result["code"], "taken": result["status"] in taken}
        expected = {"code": None, "taken": True}
        found = differences(stage.about(order.order_id), "import", expected, got)
        stage.differ(order.order_id, found)
    if with_faults:
        await _import_again(stage, lines[:_SENT_AGAIN_MAX])
    stage.tally.orders += len(orders)
    return orders


async def _import_again(stage: Stage, lines: Sequence[Line]) -> None:
    again = _results(await _imported(stage, [*lines, *_not_taken(lines[0], stage.now)]))
    expected = [{"status": 200, "code": None} for _ in lines] + _REFUSED
    stage.differ("import", differences(stage.about("import"), "lines sent again", expected, again))
    stage.tally.manners["imported again"] += len(lines)
    stage.tally.refusals.update(refused["code"] for refused in _REFUSED)


async def _imported(stage: Stage, lines: Sequence[Line]) -> Answer:
    path = f"/v1/shops/{stage.shop_id}/orders/import"
    answer = await stage.service.post_lines(
        path,
        stage.service.credentials.platform(),
        b"".join(json.dumps(line).encode() + b"\n" for line in lines),
    )
    answer.insist(path)
    return answer


def _results(answer: Answer) -> list[dict[str, Any]]:
    """Return the result of each line."""
    return [json.loads(line) for line in answer.text.splitlines()]


def _registered(line: Line, now: datetime) -> PlainOrder:
    order = PlainOrder(line=line, created_at=instant(line["created_at"]))
    order.note(now, "order_registered", "order", "platform", None)
    for member, fact in _MEMBERS:
        if member in line:
            order.report(fact, instant(line[member]), now)
    return order


_REFUSED: list[dict[str, Any]] = [
    {"status": 422, "code": "items_do_not_add_up"},
    {"status": 422, "code": "fact_in_future"},
    {"status": 409, "code": "order_facts_conflict"},
    {"status": 422, "code": "request_invalid"},
]


def _not_taken(line: Line, now: datetime) -> list[Line]:
    """Return lines that are refused, each for the reason in `_REFUSED`."""
    new = {**line, "order_id": "order-refused"}
    payment = line["payment"]
    amount = {**payment["amount"], "amount": payment["amount"]["amount"] + 1}
    return [
        {**new, "payment": {**payment, "amount": amount}},
        {**new, "created_at": (now + DAY).isoformat()},
        {**line, "buyer_id": "somebody-else"},
        {**new, "colour": "red"},
    ]
