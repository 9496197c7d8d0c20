"""The list of a shop's orders, newest first, by what they are filtered by."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, not_
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.order.tickets import TicketState
from app.domain.policy import Policy
from app.projections.orders.table import ORDERS, OrdersReader, orders
from app.projections.orders.view import EntryState, OrderView
from app.projections.paging import After, Page, equal, within

LIST = ORDERS.list_by(OrdersReader.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilters:
    """What orders to list; None lists them all.

    ``ticket_state`` is the state of the ticket under way, or else of the latest. ``created_to`` is
    exclusive. ``eligible_by_age`` asks for what the two rules of time allow: received and past the
    after-sales period, not too old and not from before the cut-off.
    """

    buyer_id: str | None = None
    entry_state: EntryState | None = None
    ticket_state: TicketState | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    eligible_by_age: bool | None = None


async def list_orders(
    engine: AsyncEngine,
    shop_id: str,
    filters: OrderFilters,
    *,
    now: datetime,
    policy: Policy,
    after: After | None = None,
    limit: int = 50,
) -> Page[OrderView]:
    """Return a page of a shop's orders as of ``now``; entries past their expiry count as closed."""
    query = order_page(shop_id, filters, now=now, policy=policy, after=after, limit=limit)
    return await LIST.fetch(engine, query, limit)


def order_page(
    shop_id: str,
    filters: OrderFilters,
    *,
    now: datetime,
    policy: Policy,
    after: After | None,
    limit: int,
) -> Select[Any]:
    """Build the statement of a page."""
    conditions = _conditions(filters, now, policy)
    return LIST.page(shop_id, conditions, after=after, limit=limit)


def _conditions(
    filters: OrderFilters, now: datetime, policy: Policy
) -> Iterator[ColumnElement[bool]]:
    yield from equal(orders, filters, "buyer_id", "ticket_state")
    yield from within(orders.c.created_at, filters.created_from, filters.created_to)
    if filters.entry_state is not None:
        yield _entry_is(filters.entry_state, now)
    if filters.eligible_by_age is not None:
        eligible = _eligible_by_age(now, policy)
        yield eligible if filters.eligible_by_age else not_(eligible)


def _entry_is(state: EntryState, now: datetime) -> ColumnElement[bool]:
    match state:
        case EntryState.NEVER_OPENED:
            return orders.c.entry_closes_at.is_(None)
        case EntryState.OPEN:
            return orders.c.entry_closes_at > now
        case EntryState.CLOSED:
            return orders.c.entry_closes_at <= now


def _eligible_by_age(now: datetime, policy: Policy) -> ColumnElement[bool]:
    oldest = max(now - policy.order_age_max, policy.order_created_from)
    return and_(
        orders.c.created_at >= oldest,
        orders.c.receipt_confirmed_at.is_not(None),
        orders.c.receipt_confirmed_at <= now - policy.after_sales_period,
    )
