"""Tickets (售后单) as they are shown: one, what it costs, and those a search finds."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field, StringConstraints

from app.api.cursors import CURSOR_LENGTH_MAX, after_of, cursor_of
from app.api.problems.problem import ProblemError, rejected
from app.api.request_context import (
    RequestContext,
    ShopId,
    TicketId,
)
from app.api.resources.common import FieldError, Id, Instant, RequestModel
from app.api.resources.orders import PageLimit, read_order
from app.api.resources.ticket_models import TicketPage, ticket_on_wire
from app.api.resources.ticket_parts import TicketCost, cost_on_wire
from app.domain.money import AMOUNT_MAX
from app.domain.order.commission_split import cost_of_ticket
from app.domain.order.input_rules import refuse_tracking_number
from app.domain.order.tickets import Side, TicketState, TicketType, due_in, waiting_for
from app.domain.policy import Policy
from app.domain.reasons import ApplicationReason
from app.domain.shipments import normalized_number
from app.projections.orders.queries import fetch_order
from app.projections.tickets.list import TicketFilters, TicketSort, list_tickets, order_id_of

SEARCH_PROBLEMS = (
    "cursor_invalid",
    "filters_contradict",
    "sort_without_deadline",
    "tracking_number_invalid",
)
"""What a search may be refused with, beside what any request may."""

ANY_TIME = datetime(2021, 1, 1, tzinfo=UTC)
"""Whether a state has a deadline does not depend on when it was entered."""

MinorUnits = Annotated[int, Field(ge=0, le=AMOUNT_MAX, json_schema_extra={"format": "int64"})]


class TicketQuery(RequestModel):
    """Which tickets, in which order. A consumer sees only their own, whatever `buyer_id` says."""

    cursor: Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX)] = None
    """`next_cursor` of the page before, in the same order."""
    sort: TicketSort = TicketSort.NEWEST
    """`newest` first, or by `due_at`: what is due next first, without what has no deadline."""
    state: TicketState | None = None
    waiting_for: Side | None = None
    """Who has to act now."""
    overdue: bool | None = None
    """True: only those labelled 超期售后."""
    type: TicketType | None = None
    reason: ApplicationReason | None = None
    """Why the buyer applied."""
    buyer_id: Id | None = None
    order_id: Id | None = None
    tracking_number: Annotated[
        str | None, StringConstraints(min_length=1, max_length=100), Query()
    ] = None
    """Of the return, as first reported or corrected, or of what the merchant sent; the whole
    number, spaces and small letters do not matter."""
    amount_from: MinorUnits | None = None
    """Minor units asked for, inclusive."""
    amount_to: MinorUnits | None = None
    """Inclusive."""
    due_before: Instant | None = None
    """Only tickets that act by themselves before this instant."""
    due_within_hours: Annotated[int | None, Query(ge=1, le=8760)] = None
    """Due soon: only tickets that act by themselves within so many hours from now."""
    created_from: Instant | None = None
    created_to: Instant | None = None
    """Exclusive."""


async def filters_of(query: TicketQuery, call: RequestContext, shop_id: str) -> TicketFilters:
    """Return the filters of a search; a ProblemError if nothing could ever pass them."""
    _refuse_contradictions(query, call.services.policy)
    return TicketFilters(
        state=query.state,
        waiting_for=query.waiting_for,
        overdue=query.overdue,
        type=query.type,
        reason=query.reason,
        buyer_id=call.caller.buyer_id or query.buyer_id,
        order_id=query.order_id,
        tracking_number=_number(query.tracking_number),
        amount_from=query.amount_from,
        amount_to=query.amount_to,
        due_before=await _due_before(query, call, shop_id),
        created_from=query.created_from,
        created_to=query.created_to,
    )


def order_of(sort: TicketSort) -> tuple[str, ...]:
    """Return how cursors name the list of tickets in one of its orders."""
    return ("tickets", sort.value)


async def _due_before(query: TicketQuery, call: RequestContext, shop_id: str) -> datetime | None:
    if query.due_within_hours is None:
        return query.due_before
    now = await call.services.shop_clocks.now(shop_id)
    return now + timedelta(hours=query.due_within_hours)


def _number(given: str | None) -> str | None:
    if given is None:
        return None
    number = normalized_number(given)
    refusal = refuse_tracking_number(number)
    if refusal is not None:
        raise rejected(refusal)
    return number


def _refuse_contradictions(query: TicketQuery, policy: Policy) -> None:
    found = list(_contradictions(query, policy))
    if found:
        raise ProblemError("filters_contradict", errors=found)
    if query.sort is TicketSort.DUE_AT and _never_due(query.state, policy):
        raise ProblemError("sort_without_deadline", errors=[_at("sort", "nothing there is due")])


def _contradictions(query: TicketQuery, policy: Policy) -> Iterator[FieldError]:
    low, high = query.amount_from, query.amount_to
    if low is not None and high is not None and low > high:
        yield _at("amount_from", "is more than amount_to")
    begin, end = query.created_from, query.created_to
    if begin is not None and end is not None and begin >= end:
        yield _at("created_from", "is not before created_to")
    by_instant, by_hours = query.due_before is not None, query.due_within_hours is not None
    if by_instant and by_hours:
        yield _at("due_within_hours", "says otherwise than due_before")
    if (by_instant or by_hours) and _never_due(query.state, policy):
        yield _at("state", "is one without a deadline")
    if query.state is not None and query.waiting_for not in {None, *_may_wait_for(query.state)}:
        yield _at("waiting_for", "has nothing to do in this state")


def _never_due(state: TicketState | None, policy: Policy) -> bool:
    return state is not None and due_in(state, ANY_TIME, policy) is None


def _may_wait_for(state: TicketState) -> set[Side | None]:
    return {waiting_for(state, merchant_gave_evidence=given) for given in (False, True)}


def _at(parameter: str, detail: str) -> FieldError:
    return FieldError(pointer=f"query/{parameter}", detail=detail)


async def get_ticket(shop_id: ShopId, ticket_id: TicketId, call: RequestContext) -> Response:
    """Show a ticket; what was just written is always shown."""
    services = call.services
    order = await fetch_order(
        services.resources.pool, services.codec, shop_id, order_id_of(ticket_id)
    )
    ticket = None if order is None else order.ticket(ticket_id)
    if ticket is None or not call.caller.may_see_buyer(ticket.buyer_id):
        raise ProblemError("ticket_not_found")
    return call.json(ticket_on_wire(ticket), etag=ticket.version)


async def get_ticket_cost(shop_id: ShopId, ticket_id: TicketId, call: RequestContext) -> Response:
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


class TicketListQuery(TicketQuery):
    """Which page of which tickets."""

    limit: PageLimit = 50


async def get_tickets(
    shop_id: ShopId, query: Annotated[TicketListQuery, Query()], call: RequestContext
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
