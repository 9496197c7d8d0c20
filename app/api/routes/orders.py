"""Orders: reported by the order system, shown to whom they concern."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.scopes import Scope
from app.api.problems.problem import ProblemError
from app.api.problems.problem_responses import problems
from app.api.request_context import OrderId, RequestContext, ShopId, allow
from app.api.strict_request import StrictRoute
from app.api.wire.common import Instant
from app.api.wire.orders import (
    OrderDetail,
    order_detail_on_wire,
)
from app.event_store.recorded_event import Role
from app.projections.orders.queries import fetch_order_as_of, fetch_order_with_log

router = APIRouter(route_class=StrictRoute, tags=["orders"])

OrderWriter = Annotated[RequestContext, allow(Scope.ORDERS_WRITE, Role.PLATFORM)]
OrderReader = Annotated[
    RequestContext, allow(Scope.ORDERS_READ, Role.MERCHANT, Role.PLATFORM, Role.CONSUMER)
]

_FACT_PROBLEMS = ("fact_in_future", "fact_before_order", "fact_out_of_order", "fact_conflict")


@router.get(
    "/v1/shops/{shop_id}/orders/{order_id}",
    name="get_order",
    summary="Get an order with its operation log",
    response_model=OrderDetail,
    responses=problems("order_not_found"),
)
async def get_order(
    shop_id: ShopId,
    order_id: OrderId,
    call: OrderReader,
    as_of: Annotated[
        Instant | None, Query(description="Show the order as it stood at this past instant.")
    ] = None,
) -> Response:
    """Show an order with its entry, its tickets and everything that ever happened to it.

    What was just written is always shown. With `as_of`, only what had happened by then.
    """
    services = call.services
    database, codec = services.resources.pool, services.codec
    if as_of is None:
        found = await fetch_order_with_log(database, codec, shop_id, order_id)
    else:
        found = await fetch_order_as_of(database, codec, shop_id, order_id, as_of)
    if found is None or not call.caller.may_see_buyer(found.order.buyer_id):
        raise ProblemError("order_not_found")
    now = as_of or await services.present(shop_id, found.clock)
    return call.json(
        order_detail_on_wire(found.order, found.log, now, open_books=call.open_books),
        etag=found.order.version,
    )
