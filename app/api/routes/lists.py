"""Lists of a shop's orders and tickets, newest first."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.scopes import Scope
from app.api.calls import Call, ShopId, allow
from app.api.cursors import CURSOR_LENGTH_MAX, after_of, cursor_of
from app.api.declared import problems
from app.api.strict_request import StrictRoute
from app.api.wire.common import Id, Instant, RequestModel
from app.api.wire.orders import OrderPage, order_on_wire
from app.api.wire.tickets import TicketPage, ticket_on_wire
from app.domain.order.tickets import TicketState
from app.event_store.recorded import Role
from app.read_models.order_list import OrderFilters, list_orders
from app.read_models.order_view import EntryState
from app.read_models.ticket_list import TicketFilters, list_tickets

router = APIRouter(route_class=StrictRoute)

ListReader = Annotated[Call, allow(Scope.ORDERS_READ, Role.MERCHANT, Role.PLATFORM, Role.CONSUMER)]


class PageQuery(RequestModel):
    """Which page of a list."""

    cursor: Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX)] = None
    """`next_cursor` of the page before."""
    limit: Annotated[int, Query(ge=1, le=200)] = 50


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


class TicketListQuery(PageQuery):
    """Which tickets to list. A consumer sees only their own, whatever `buyer_id` says."""

    state: TicketState | None = None
    overdue: bool | None = None
    """True: only those labelled 超期售后."""
    buyer_id: Id | None = None
    order_id: Id | None = None
    due_before: Instant | None = None
    """Only tickets that act by themselves before this instant."""
    created_from: Instant | None = None
    created_to: Instant | None = None
    """Exclusive."""


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
        after=after_of(query.cursor),
        limit=query.limit,
    )
    return call.json(
        OrderPage(
            orders=[order_on_wire(view, now) for view in page.rows],
            next_cursor=cursor_of(page.next),
            current_to=page.current_to,
        )
    )


@router.get(
    "/v1/shops/{shop_id}/tickets",
    name="list_tickets",
    summary="List a shop's tickets",
    tags=["tickets"],
    response_model=TicketPage,
    responses=problems("cursor_invalid"),
)
async def get_tickets(
    shop_id: ShopId, query: Annotated[TicketListQuery, Query()], call: ListReader
) -> Response:
    """List tickets, newest first. The list may lag by milliseconds; `current_to` says how far."""
    filters = TicketFilters(
        state=query.state,
        overdue=query.overdue,
        buyer_id=call.caller.buyer_id or query.buyer_id,
        order_id=query.order_id,
        due_before=query.due_before,
        created_from=query.created_from,
        created_to=query.created_to,
    )
    page = await list_tickets(
        call.services.resources.engine,
        shop_id,
        filters,
        after=after_of(query.cursor),
        limit=query.limit,
    )
    return call.json(
        TicketPage(
            tickets=[ticket_on_wire(view) for view in page.rows],
            next_cursor=cursor_of(page.next),
            current_to=page.current_to,
        )
    )
