"""The after-sales entry of an order, shown, and opened for many orders in one request."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import Query, Response

from app.api.problems.catalog import PROBLEMS
from app.api.problems.exception_handlers import code_of_failure
from app.api.problems.problem import ProblemError, json_bytes
from app.api.request_context import (
    IdempotencyKeyHeader,
    OrderId,
    RequestContext,
    ShopId,
    problem_of,
)
from app.api.resources.common import Instant
from app.api.resources.entry_models import (
    OpenedEntry,
    OpenEntriesBody,
    OpenEntriesResult,
    OpenEntryResult,
    Opening,
    entry_detail_on_wire,
    opened_entry_on_wire,
    rule_on_wire,
)
from app.api.resources.orders import read_order
from app.command_handling.requests import Answer, History, KeyReused, Refusal, TooManyConflicts
from app.domain.order.commission_split import cost_of_opening
from app.domain.order.eligibility import check_eligibility
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.rejections import Rejection
from app.event_store.append import AppendFailed
from app.projections.orders.fold import fold_history
from app.waiting import each_by_itself


async def get_after_sales_entry(
    shop_id: ShopId,
    order_id: OrderId,
    call: RequestContext,
    at: Annotated[
        Instant | None,
        Query(description="Check eligibility as if it were this instant, on what is known now."),
    ] = None,
) -> Response:
    """Show the entry, every eligibility rule with what was observed, and what opening may cost.

    The cost names the source that would pay right now, on the shop's money as it is.
    """
    services = call.services
    found = await read_order(services, shop_id, order_id, at=at)
    if found is None or not call.caller.may_see_buyer(found.order.facts.buyer_id):
        raise ProblemError("order_not_found")
    funds = await services.funds.current(shop_id)
    opening = Opening(
        verdict=check_eligibility(found.order, found.at, services.policy),
        cost=cost_of_opening(found.order, funds),
        funds=funds,
        arrears_max=services.policy.arrears_max,
        open_books=call.open_books,
    )
    shown = entry_detail_on_wire(found.view, opening, found.at)
    return call.json(shown, etag=found.view.version)


async def open_after_sales_entries(
    shop_id: ShopId, body: OpenEntriesBody, call: RequestContext, key: IdempotencyKeyHeader = None
) -> Response:
    """Open several entries; each order has its own result, and none fails because of another.

    Repeating is safe: entries that are open stay as they are. A key counts for each order
    separately: what was done or refused under it is answered again (`replayed`). The answer as a
    whole is `Idempotency-Replayed` if every result in it is.
    """
    opened = await open_each(call, shop_id, body.order_ids, key)
    answer = call.json(opened)
    if all(result.replayed for result in opened.results):
        answer.headers["Idempotency-Replayed"] = "true"
    return answer


CONCURRENT_MAX = 16


async def open_each(
    call: RequestContext, shop_id: str, order_ids: list[str], key: str | None
) -> OpenEntriesResult:
    """Open the entry of each order named; an order named twice is opened once and has two results.

    The key counts for each order separately.
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
