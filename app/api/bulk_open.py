"""Opening many entries in one request, each decided by itself."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from app.api.calls import Call, problem_of
from app.api.errors import code_of_failure
from app.api.problem_catalog import PROBLEMS
from app.api.several import each_by_itself
from app.api.wire.entries import (
    OpenedEntry,
    OpenEntriesResult,
    OpenEntryResult,
    opened_entry_on_wire,
    rule_on_wire,
)
from app.command_handling.requests import Answer, History, Refusal, TooManyConflicts
from app.domain.order.commands import OpenAfterSalesEntry
from app.domain.rejections import Rejection
from app.event_store.append import AppendFailed
from app.read_models.order_fold import fold_history

CONCURRENT_MAX = 16


async def open_each(call: Call, shop_id: str, order_ids: list[str]) -> OpenEntriesResult:
    """Open the entry of each order named; an order named twice is opened once and told twice."""
    distinct = list(dict.fromkeys(order_ids))
    opening = partial(_open_one, call, shop_id)
    results = await each_by_itself(distinct, opening, at_once_max=CONCURRENT_MAX)
    by_order = dict(zip(distinct, results, strict=True))
    return OpenEntriesResult(results=[by_order[order_id] for order_id in order_ids])


async def _open_one(call: Call, shop_id: str, order_id: str) -> OpenEntryResult:
    responder = _Responder()
    request = call.order_request(shop_id, order_id, OpenAfterSalesEntry())
    try:
        await call.services.handler.handle(request, responder)
    except (AppendFailed, TooManyConflicts) as failure:
        return _failed(order_id, code_of_failure(failure))
    assert responder.result is not None  # noqa: S101 - the handler always asks for an answer
    return responder.result.model_copy(update={"order_id": order_id})


@dataclass
class _Responder:
    """Keeps the result instead of rendering an answer: nothing is stored under a key here."""

    result: OpenEntryResult | None = None

    def accepted(self, history: History, *, changed: bool, now: datetime) -> Answer:  # noqa: ARG002
        view = fold_history(history)
        entry: OpenedEntry = opened_entry_on_wire(view, now, open_books=True)
        self.result = OpenEntryResult(
            order_id=view.facts.order_id, status=200, code=None, failed_rules=[], entry=entry
        )
        return Answer(status=200, body=b"")

    def refused(self, refusal: Refusal) -> Answer:
        problem = problem_of(refusal)
        failed = refusal.failed_rules if isinstance(refusal, Rejection) else ()
        self.result = OpenEntryResult(
            order_id="",
            status=problem.status_code,
            code=problem.code,
            failed_rules=[rule_on_wire(rule) for rule in failed],
            entry=None,
        )
        return Answer(status=problem.status_code, body=b"")


def _failed(order_id: str, code: str) -> OpenEntryResult:
    return OpenEntryResult(
        order_id=order_id,
        status=PROBLEMS[code].status,
        code=code,
        failed_rules=[],
        entry=None,
    )
