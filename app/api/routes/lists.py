"""Lists of a shop's orders and tickets."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.scopes import Scope
from app.api.cursors import CURSOR_LENGTH_MAX, after_of, cursor_of
from app.api.problems.problem_responses import problems
from app.api.request_context import RequestContext, ShopId, allow
from app.api.strict_request import StrictRoute
from app.api.ticket_search import SEARCH_PROBLEMS, TicketQuery, filters_of, order_of
from app.api.wire.common import Id, Instant, RequestModel
from app.api.wire.orders import OrderPage, order_on_wire
from app.api.wire.tickets import TicketPage, ticket_on_wire
from app.domain.order.tickets import TicketState
from app.event_store.recorded_event import Role
from app.projections.orders.list import OrderFilters, list_orders
from app.projections.orders.view import EntryState
from app.projections.tickets.list import list_tickets

router = APIRouter(route_class=StrictRoute)

ListReader = Annotated[
    RequestContext, allow(Scope.ORDERS_READ, Role.MERCHANT, Role.PLATFORM, Role.CONSUMER)
]


_ORDERS = "orders"
"""How this list's cursors are told from those of others."""

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


class TicketListQuery(TicketQuery):
    """Which page of which tickets."""

    limit: PageLimit = 50


@router.get(
    "/v1/shops/{shop_id}/orders",
    name="list_orders",
    summary="List a shop's orders",
    tags=["orders"],
    response_model=OrderPage,
    responses=problems("cursor_invalid"),
)
async def get_orders(
    shop_id: ShopId, query: Annotated[OrderListQuery, Query()], call: ListReader
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


@router.get(
    "/v1/shops/{shop_id}/tickets",
    name="list_tickets",
    summary="List a shop's tickets",
    tags=["tickets"],
    response_model=TicketPage,
    responses=problems(*SEARCH_PROBLEMS),
)
async def get_tickets(
    shop_id: ShopId, query: Annotated[TicketListQuery, Query()], call: ListReader
) -> Response:
    """Search tickets, newest or next due first.

    The list may lag by milliseconds; `current_to` says how far. In the order of `due_at` a ticket
    whose deadline is moved while it is paged through is shown where it then belongs.
    """
    services = call.services
    page = await list_tickets(
        services.resources.engine,
        shop_id,
        await filters_of(query, call, shop_id),
        sort=query.sort,
        after=after_of(query.cursor, *order_of(query.sort)),
        limit=query.limit,
    )
    return call.json(
        TicketPage(
            tickets=[ticket_on_wire(view) for view in page.rows],
            next_cursor=cursor_of(page.next, *order_of(query.sort)),
            current_to=page.current_to,
        )
    )
