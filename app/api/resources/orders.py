"""Orders as they are shown, one and in lists."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Query, Response

from app.api.cursors import CURSOR_LENGTH_MAX, after_of, cursor_of
from app.api.problems.problem import ProblemError
from app.api.request_context import OrderId, RequestContext, ShopId
from app.api.resources.common import Id, Instant, RequestModel
from app.api.resources.order_models import (
    OrderPage,
    order_detail_on_wire,
    order_on_wire,
)
from app.api.services import Services
from app.domain.order.deadlines import fall_due
from app.domain.order.evolve import fold
from app.domain.order.state import Order, Unregistered
from app.domain.order.tickets import TicketState
from app.event_store.log import EventLog
from app.event_store.streams import order_stream, partition_of
from app.projections.orders.fold import fold_history
from app.projections.orders.list import OrderFilters, list_orders
from app.projections.orders.queries import fetch_order_as_of, fetch_order_with_log
from app.projections.orders.view import EntryState, OrderView


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOrder:
    """An order with what has fallen due by the instant asked about, and as people see it."""

    order: Order
    view: OrderView
    at: datetime


async def read_order(
    services: Services, shop_id: str, order_id: str, *, at: datetime | None
) -> ReadOrder | None:
    """Read and fold one order's stream, as of an instant or its shop's present.

    None if the stream registers no order. One round trip, and one more in a shop with a test clock.
    """
    history = await EventLog(services.codec).read_stream(
        services.resources.pool, partition_of(shop_id), order_stream(shop_id, order_id)
    )
    state = fold(Unregistered(), [recorded.event for recorded in history])
    if not isinstance(state, Order):
        return None
    at = at or await services.present(shop_id, history[0].metadata.clock)
    settled = fold(state, fall_due(state, at, services.policy))
    assert isinstance(settled, Order)  # noqa: S101 - a registered order stays registered
    return ReadOrder(order=settled, view=fold_history(history), at=at)


async def get_order(
    shop_id: ShopId,
    order_id: OrderId,
    call: RequestContext,
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


_ORDERS = "orders"
"""Distinguishes this list's cursors from those of others."""

PageLimit = Annotated[int, Query(ge=1, le=200)]


class PageQuery(RequestModel):
    """Which page of a list."""

    cursor: Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX)] = None
    """`next_cursor` of the page before."""
    limit: PageLimit = 50


class OrderListQuery(PageQuery):
    """Which orders to list. A consumer sees only their own, whatever `buyer_id` says."""

    buyer_id: Id | None = None
    entry_state: EntryState | None = None
    ticket_state: TicketState | None = None
    """State of the ticket under way, or else of the latest."""
    created_from: Instant | None = None
    created_to: Instant | None = None
    """Exclusive."""
    eligible_by_age: bool | None = None
    """Whether the two rules of time allow opening: past the period, and not too old."""


async def get_orders(
    shop_id: ShopId, query: Annotated[OrderListQuery, Query()], call: RequestContext
) -> Response:
    """List orders, newest first. The list may lag by milliseconds; `current_to` says how far."""
    services = call.services
    now = await services.shop_clocks.now(shop_id)
    filters = OrderFilters(
        buyer_id=call.caller.buyer_id or query.buyer_id,
        entry_state=query.entry_state,
        ticket_state=query.ticket_state,
        created_from=query.created_from,
        created_to=query.created_to,
        eligible_by_age=query.eligible_by_age,
    )
    page = await list_orders(
        services.resources.engine,
        shop_id,
        filters,
        now=now,
        policy=services.policy,
        after=after_of(query.cursor, _ORDERS),
        limit=query.limit,
    )
    return call.json(
        OrderPage(
            orders=[order_on_wire(view, now, open_books=call.open_books) for view in page.rows],
            next_cursor=cursor_of(page.next, _ORDERS),
            current_to=page.current_to,
        )
    )
