"""Orders: reported by the order system, shown to whom they concern."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.scopes import Scope
from app.api.problems.problem import ProblemError
from app.api.problems.problem_responses import command_problems, problems
from app.api.request_context import IdempotencyKeyHeader, OrderId, RequestContext, ShopId, allow
from app.api.strict_request import StrictRoute
from app.api.wire.common import Instant
from app.api.wire.orders import (
    Order,
    OrderDetail,
    ReceiptConfirmationBody,
    RegisterOrderBody,
    SettlementBody,
    ShipmentBody,
    facts_of,
    order_detail_on_wire,
    order_on_wire,
)
from app.domain.order.registration import (
    RecordReceiptConfirmation,
    RecordSettlement,
    RecordShipment,
    RegisterOrder,
)
from app.event_store.recorded_event import Role
from app.projections.orders.queries import fetch_order_as_of, fetch_order_with_log

router = APIRouter(route_class=StrictRoute, tags=["orders"])

OrderWriter = Annotated[RequestContext, allow(Scope.ORDERS_WRITE, Role.PLATFORM)]
OrderReader = Annotated[
    RequestContext, allow(Scope.ORDERS_READ, Role.MERCHANT, Role.PLATFORM, Role.CONSUMER)
]

_FACT_PROBLEMS = ("fact_in_future", "fact_before_order", "fact_out_of_order", "fact_conflict")


@router.post(
    "/v1/shops/{shop_id}/orders",
    name="register_order",
    summary="Register an order",
    response_model=Order,
    status_code=201,
    responses={
        200: {"model": Order, "description": "The order was registered before with these facts."},
        **command_problems(
            "order_facts_conflict",
            "fact_in_future",
            "fact_before_order",
            "items_do_not_add_up",
            "item_repeated",
        ),
    },
)
async def register_order(
    shop_id: ShopId, body: RegisterOrderBody, call: OrderWriter, key: IdempotencyKeyHeader = None
) -> Response:
    """Take note of an order as the platform's order system knows it.

    The same facts again change nothing; other facts for a known order are a conflict.
    """
    return await call.command(
        shop_id,
        body.order_id,
        RegisterOrder(facts=facts_of(shop_id, body)),
        render=order_on_wire,
        created=True,
        key=key,
    )


@router.post(
    "/v1/shops/{shop_id}/orders/{order_id}/shipment",
    name="record_shipment",
    summary="Report that an order was shipped",
    response_model=Order,
    responses=command_problems(*_FACT_PROBLEMS),
)
async def record_shipment(
    shop_id: ShopId,
    order_id: OrderId,
    body: ShipmentBody,
    call: OrderWriter,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Take note of when the goods were shipped. The same instant again changes nothing."""
    command = RecordShipment(shipped_at=body.shipped_at)
    return await call.command(shop_id, order_id, command, render=order_on_wire, key=key)


@router.post(
    "/v1/shops/{shop_id}/orders/{order_id}/receipt-confirmation",
    name="record_receipt_confirmation",
    summary="Report that the buyer confirmed receipt",
    response_model=Order,
    responses=command_problems(*_FACT_PROBLEMS),
)
async def record_receipt_confirmation(
    shop_id: ShopId,
    order_id: OrderId,
    body: ReceiptConfirmationBody,
    call: OrderWriter,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Take note of when receipt was confirmed; the after-sales period of 7 days runs from there."""
    command = RecordReceiptConfirmation(confirmed_at=body.confirmed_at)
    return await call.command(shop_id, order_id, command, render=order_on_wire, key=key)


@router.post(
    "/v1/shops/{shop_id}/orders/{order_id}/settlement",
    name="record_settlement",
    summary="Report that an order was settled",
    response_model=Order,
    responses=command_problems(*_FACT_PROBLEMS),
)
async def record_settlement(
    shop_id: ShopId,
    order_id: OrderId,
    body: SettlementBody,
    call: OrderWriter,
    key: IdempotencyKeyHeader = None,
) -> Response:
    """Take note of when the money left escrow for the shop's accounts."""
    command = RecordSettlement(settled_at=body.settled_at)
    return await call.command(shop_id, order_id, command, render=order_on_wire, key=key)


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
