"""Tickets (售后单): looked at, and what every side may do with one."""

from typing import Annotated

from fastapi import APIRouter, Response

from app.access.scopes import Scope
from app.api.order_reading import read_order
from app.api.problems.problem import ProblemError
from app.api.problems.problem_responses import problems
from app.api.request_context import (
    RequestContext,
    ShopId,
    TicketId,
    allow,
)
from app.api.strict_request import StrictRoute
from app.api.wire.costs import TicketCost, cost_on_wire
from app.api.wire.tickets import Ticket, ticket_on_wire
from app.domain.order.cost_preview import cost_of_ticket
from app.event_store.recorded_event import Role
from app.projections.orders.queries import fetch_order
from app.projections.tickets.list import order_id_of

router = APIRouter(route_class=StrictRoute, tags=["tickets"])

TICKET_PATH = "/v1/shops/{shop_id}/tickets/{ticket_id}"

TicketReader = Annotated[
    RequestContext, allow(Scope.ORDERS_READ, Role.MERCHANT, Role.PLATFORM, Role.CONSUMER)
]
CostReader = Annotated[RequestContext, allow(Scope.ORDERS_READ, Role.MERCHANT, Role.PLATFORM)]
Anybody = Annotated[
    RequestContext, allow(Scope.TICKETS_WRITE, Role.MERCHANT, Role.PLATFORM, Role.CONSUMER)
]
Finance = Annotated[RequestContext, allow(Scope.REFUNDS_WRITE, Role.PLATFORM)]


@router.get(
    TICKET_PATH,
    name="get_ticket",
    summary="Get a ticket",
    response_model=Ticket,
    responses=problems("ticket_not_found"),
)
async def get_ticket(shop_id: ShopId, ticket_id: TicketId, call: TicketReader) -> Response:
    """Show a ticket; what was just written is always shown."""
    services = call.services
    order = await fetch_order(
        services.resources.pool, services.codec, shop_id, order_id_of(ticket_id)
    )
    ticket = None if order is None else order.ticket(ticket_id)
    if ticket is None or not call.caller.may_see_buyer(ticket.buyer_id):
        raise ProblemError("ticket_not_found")
    return call.json(ticket_on_wire(ticket), etag=ticket.version)


@router.get(
    f"{TICKET_PATH}/cost-preview",
    name="get_ticket_cost",
    summary="Get what agreeing to a ticket would cost",
    response_model=TicketCost,
    responses=problems("ticket_not_found"),
)
async def get_ticket_cost(shop_id: ShopId, ticket_id: TicketId, call: CostReader) -> Response:
    """Show what the refund a ticket asks for would cost, and which source would pay right now."""
    services = call.services
    found = await read_order(services, shop_id, order_id_of(ticket_id), at=None)
    ticket = None if found is None else found.order.tickets.get(ticket_id)
    if found is None or ticket is None:
        raise ProblemError("ticket_not_found")
    cost = cost_of_ticket(found.order, ticket, await services.funds.current(shop_id))
    unpaid = ticket.active and ticket.refund is None
    shown = TicketCost(
        ticket_id=ticket_id,
        cost_preview=cost_on_wire(cost) if unpaid else None,
        version=ticket.version,
    )
    return call.json(shown, etag=ticket.version)
