"""Decisions on many tickets in one request, each with its own result."""

from collections.abc import Mapping, Sequence
from typing import Any

from tools.oracle.expected_view import ticket_view
from tools.oracle.order import PlainOrder
from tools.oracle.requests import Act, predict
from tools.simulation.comparing import differences
from tools.simulation.playing import NOT_KEPT, Stage

BATCH_MAX = 90
"""Orders in a batch; with what is added to it, it stays within the service's 100."""

Decided = tuple[PlainOrder, Act]


async def decide_at_one_go(
    stage: Stage, decided: Sequence[Decided], key: str, *, repeat: bool
) -> None:
    """Take decisions in one request; ``repeat`` sends the same once more.

    Among them are one on a ticket there is not, and a second one on the first ticket.
    """
    decided = decided[:BATCH_MAX]
    items = [_item(order, act) for order, act in decided]
    items += [{"ticket_id": "order-9999-1", "decision": "agree_to_application"}, items[0]]
    results = await _decide(stage, items, key)
    for (order, act), result in zip(decided, results, strict=False):
        _hold(stage, order, act, result)
    _hold_additions(stage, results)
    stage.tally.manners["decided in a batch"] += 1
    if repeat:
        _hold_repeated(stage, results, await _decide(stage, items, key))


async def _decide(
    stage: Stage, items: Sequence[Mapping[str, Any]], key: str
) -> list[dict[str, Any]]:
    path = f"/v1/shops/{stage.shop_id}/tickets/batch-decisions"
    merchant = stage.service.credentials.merchant(stage.shop_id)
    answer = await stage.service.post(path, merchant, {"items": items}, key=key)
    answer.insist(path)
    results: list[dict[str, Any]] = answer.body["results"]
    return results


def _item(order: PlainOrder, act: Act) -> dict[str, Any]:
    version = {} if act.if_match is None else {"seen_version": act.if_match}
    ticket_id = f"{order.order_id}-{act.ticket}"
    return {"ticket_id": ticket_id, "decision": act.name, **(act.body or {}), **version}


def _hold(stage: Stage, order: PlainOrder, act: Act, result: Mapping[str, Any]) -> None:
    outcome = predict(order, act, stage.now)
    ticket = order.tickets[(act.ticket or 1) - 1]
    expected = {
        "ticket_id": ticket.ticket_id,
        "status": outcome.status,
        "ticket": None if outcome.code else ticket_view(order, ticket),
        "problem": outcome.code and {"code": outcome.code},
    }
    about = stage.about(order.order_id)
    stage.differ(order.order_id, differences(about, f"{act.name} in a batch", expected, result))
    stage.count(order, act, outcome)


def _hold_additions(stage: Stage, results: Sequence[Mapping[str, Any]]) -> None:
    codes = {"ticket_not_found": 404, "ticket_repeated": 422}
    expected = [
        {"status": status, "ticket": None, "problem": {"code": code}}
        for code, status in codes.items()
    ]
    found = differences(stage.about("batch"), "not decided", expected, list(results[-2:]))
    stage.differ("batch", found)
    stage.tally.refusals.update(codes.keys())


def _hold_repeated(
    stage: Stage, first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]
) -> None:
    """A repeated batch gives the kept results again, and the same refusals for what is not kept."""
    expected = [
        {"status": one["status"], "replayed": False}
        if one["problem"] and one["problem"]["code"] in {*NOT_KEPT, "ticket_repeated"}
        else {**one, "replayed": True}
        for one in first
    ]
    stage.differ("batch", differences(stage.about("batch"), "repeated", expected, list(second)))
    stage.tally.manners["decided in a batch again"] += 1
