"""Opening many entries in one request, each decided by itself."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from app.api.bounded_gather import each_by_itself
from app.api.problems.catalog import PROBLEMS
from app.api.problems.exception_handlers import code_of_failure
from app.api.problems.problem import json_bytes
from app.api.request_context import RequestContext, problem_of
from app.api.wire.entries import (
    OpenedEntry,
    OpenEntriesResult,
    OpenEntryResult,
    opened_entry_on_wire,
    rule_on_wire,
)
from app.command_handling.requests import Answer, History, KeyReused, Refusal, TooManyConflicts
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.rejections import Rejection
from app.event_store.append import AppendFailed
from app.projections.orders.fold import fold_history

CONCURRENT_MAX = 16


async def open_each(
    call: RequestContext, shop_id: str, order_ids: list[str], key: str | None
) -> OpenEntriesResult:
    """Open the entry of each order named; an order named twice is opened once and told twice.

    The key counts for each order by itself.
    """
    distinct = list(dict.fromkeys(order_ids))
    opening = partial(_open_one, call, shop_id, key)
    results = await each_by_itself(distinct, opening, at_once_max=CONCURRENT_MAX)
    by_order = dict(zip(distinct, results, strict=True))
    return OpenEntriesResult(results=[by_order[order_id] for order_id in order_ids])


async def _open_one(
    call: RequestContext, shop_id: str, key: str | None, order_id: str
) -> OpenEntryResult:
    request = call.order_request(shop_id, order_id, OpenAfterSalesEntry())
    if key is not None:
        part = call.key_of_part(shop_id, key, order_id, order_id.encode())
        request = replace(request, idempotency=part)
    try:
        answer = await call.services.handler.handle(request, _Responder(order_id=order_id))
    except (AppendFailed, KeyReused, TooManyConflicts) as failure:
        return _failed(order_id, code_of_failure(failure))
    result = OpenEntryResult.model_validate_json(answer.body)
    return result.model_copy(update={"replayed": answer.replayed})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Responder:
    """Renders results, which are what is kept under a key here."""

    order_id: str

    def accepted(self, history: History, *, changed: bool, now: datetime) -> Answer:  # noqa: ARG002
        view = fold_history(history)
        entry: OpenedEntry = opened_entry_on_wire(view, now, open_books=True)
        result = OpenEntryResult(
            order_id=self.order_id,
            status=200,
            replayed=False,
            code=None,
            failed_rules=[],
            entry=entry,
        )
        return Answer(status=200, body=json_bytes(result))

    def refused(self, refusal: Refusal) -> Answer:
        problem = problem_of(refusal)
        failed = refusal.failed_rules if isinstance(refusal, Rejection) else ()
        result = OpenEntryResult(
            order_id=self.order_id,
            status=problem.status_code,
            replayed=False,
            code=problem.code,
            failed_rules=[rule_on_wire(rule) for rule in failed],
            entry=None,
        )
        return Answer(status=problem.status_code, body=json_bytes(result))


def _failed(order_id: str, code: str) -> OpenEntryResult:
    return OpenEntryResult(
        order_id=order_id,
        status=PROBLEMS[code].status,
        replayed=False,
        code=code,
        failed_rules=[],
        entry=None,
    )
