"""The after-sales entry of an order: look, open, ask for it again, decline."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.scopes import Scope
from app.api.bulk_open import open_each
from app.api.order_reading import read_order
from app.api.problems.problem import ProblemError
from app.api.problems.problem_responses import problems
from app.api.request_context import (
    IdempotencyKeyHeader,
    OrderId,
    RequestContext,
    ShopId,
    allow,
)
from app.api.strict_request import StrictRoute
from app.api.wire.common import Instant
from app.api.wire.entries import (
    AfterSalesEntryDetail,
    OpenEntriesBody,
    OpenEntriesResult,
    Opening,
    entry_detail_on_wire,
)
from app.domain.order.cost_preview import cost_of_opening
from app.domain.order.eligibility import check_eligibility
from app.event_store.recorded_event import Role

router = APIRouter(route_class=StrictRoute, tags=["after-sales entry"])

EntryReader = Annotated[
    RequestContext, allow(Scope.ORDERS_READ, Role.MERCHANT, Role.PLATFORM, Role.CONSUMER)
]
EntryWriter = Annotated[RequestContext, allow(Scope.ENTRIES_WRITE, Role.MERCHANT)]
Applicant = Annotated[RequestContext, allow(Scope.TICKETS_WRITE, Role.CONSUMER)]

_PATH = "/v1/shops/{shop_id}/orders/{order_id}/after-sales-entry"


@router.get(
    _PATH,
    name="get_after_sales_entry",
    summary="Get the entry, its eligibility and the cost of opening it",
    response_model=AfterSalesEntryDetail,
    responses=problems("order_not_found"),
)
async def get_after_sales_entry(
    shop_id: ShopId,
    order_id: OrderId,
    call: EntryReader,
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


@router.post(
    "/v1/shops/{shop_id}/after-sales-entries/open",
    name="open_after_sales_entries",
    summary="Open the entries of up to 100 orders",
    response_model=OpenEntriesResult,
    responses=problems(
        "malformed_json", "body_incomplete", "body_too_large", "media_type_unsupported"
    ),
)
async def open_after_sales_entries(
    shop_id: ShopId, body: OpenEntriesBody, call: EntryWriter, key: IdempotencyKeyHeader = None
) -> Response:
    """Open several entries; each order has a result of its own, none fails because of another.

    Repeating is safe: entries that are open stay as they are. A key counts for each order by
    itself: what was done or refused under it is told again as it was (`replayed`). The answer as a
    whole is `Idempotency-Replayed` if every result in it is.
    """
    opened = await open_each(call, shop_id, body.order_ids, key)
    answer = call.json(opened)
    if all(result.replayed for result in opened.results):
        answer.headers["Idempotency-Replayed"] = "true"
    return answer
