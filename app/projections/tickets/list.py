"""The list of a shop's tickets by what they are searched by, newest or next due first; labels."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.order.tickets import Side, TicketState, TicketType
from app.domain.reasons import ApplicationReason
from app.event_store.streams import partition_of
from app.projections.paging import (
    NEWEST_FIRST,
    After,
    ListOrder,
    Page,
    beyond,
    equal,
    up_to,
    within,
)
from app.projections.texts import OVERDUE_LABEL
from app.projections.tickets.table import (
    TICKETS,
    TRACKING_NUMBERS,
    TicketsReader,
    tickets,
)
from app.projections.tickets.view import TicketView

LIST = TICKETS.list_by(TicketsReader.name)


class TicketSort(StrEnum):
    """The orders tickets are listed in."""

    NEWEST = "newest"
    DUE_AT = "due_at"


ORDERS: Mapping[TicketSort, ListOrder] = MappingProxyType(
    {TicketSort.NEWEST: NEWEST_FIRST, TicketSort.DUE_AT: ListOrder("due_at", latest_first=False)}
)
"""Newest first, or next due first; the latter leaves out what has no deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilters:
    """What tickets to list; None lists them all.

    ``overdue``: with the label 超期售后, or without. ``due_before`` and ``created_to`` are
    exclusive; ``due_before`` leaves out what has no deadline. ``tracking_number``: normalized, of
    any parcel the ticket ever named. ``amount_from`` and ``amount_to``: minor units of the amount
    asked for, in any currency, both inclusive.
    """

    state: TicketState | None = None
    waiting_for: Side | None = None
    overdue: bool | None = None
    type: TicketType | None = None
    reason: ApplicationReason | None = None
    buyer_id: str | None = None
    order_id: str | None = None
    tracking_number: str | None = None
    amount_from: int | None = None
    amount_to: int | None = None
    due_before: datetime | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


async def list_tickets(
    engine: AsyncEngine,
    shop_id: str,
    filters: TicketFilters,
    *,
    sort: TicketSort = TicketSort.NEWEST,
    after: After | None = None,
    through: After | None = None,
    limit: int = 50,
) -> Page[TicketView]:
    """Return a page of a shop's tickets, none beyond ``through``."""
    query = ticket_page(shop_id, filters, sort=sort, after=after, through=through, limit=limit)
    return await LIST.fetch(engine, query, limit, ORDERS[sort])


async def end_of_rows(
    engine: AsyncEngine,
    shop_id: str,
    filters: TicketFilters,
    *,
    sort: TicketSort,
    after: After | None,
    rows_max: int,
) -> After | None:
    """Return the row that ends the first ``rows_max``; None if no row follows them."""
    query = rows_end(shop_id, filters, sort=sort, after=after, rows_max=rows_max)
    async with engine.connect() as connection:
        found = (await connection.execute(query)).all()
    return After(*found[0]) if len(found) > 1 else None


def ticket_page(
    shop_id: str,
    filters: TicketFilters,
    *,
    sort: TicketSort = TicketSort.NEWEST,
    after: After | None = None,
    through: After | None = None,
    limit: int,
) -> Select[Any]:
    """Build the statement of a page."""
    order = ORDERS[sort]
    conditions = list(_conditions(filters, sort))
    if through is not None:
        conditions.append(up_to(LIST.key(order), through, order))
    return LIST.page(shop_id, conditions, after=after, limit=limit, order=order)


def rows_end(
    shop_id: str, filters: TicketFilters, *, sort: TicketSort, after: After | None, rows_max: int
) -> Select[Any]:
    """Build the statement that finds the last of ``rows_max`` rows, and whether one follows."""
    order = ORDERS[sort]
    key = LIST.key(order)
    query = select(*key).where(
        tickets.c.partition_id == partition_of(shop_id),
        tickets.c.shop_id == shop_id,
        *_conditions(filters, sort),
    )
    if after is not None:
        query = query.where(beyond(key, after, order))
    return query.order_by(*order.by(*key)).offset(rows_max - 1).limit(2)


def order_id_of(ticket_id: str) -> str:
    """Return the order a ticket belongs to: a ticket's id is its order's and a number."""
    return ticket_id.rpartition("-")[0]


def labels_of(ticket: TicketView) -> tuple[str, ...]:
    """Return the codes of a ticket's labels; their texts are in `LABEL_TEXTS`."""
    return (OVERDUE_LABEL,) if ticket.overdue else ()


def _conditions(filters: TicketFilters, sort: TicketSort) -> Iterator[ColumnElement[bool]]:
    yield from equal(
        tickets, filters, "state", "waiting_for", "type", "reason", "buyer_id", "order_id"
    )
    yield from within(tickets.c.created_at, filters.created_from, filters.created_to)
    yield from within(tickets.c.due_at, None, filters.due_before)
    if filters.overdue is not None:
        yield tickets.c.overdue if filters.overdue else not_(tickets.c.overdue)
    if filters.tracking_number is not None:
        yield or_(*(tickets.c[column] == filters.tracking_number for column in TRACKING_NUMBERS))
    if filters.amount_from is not None:
        yield tickets.c.amount >= filters.amount_from
    if filters.amount_to is not None:
        yield tickets.c.amount <= filters.amount_to
    if sort is TicketSort.DUE_AT:
        yield tickets.c.due_at.is_not(None)  # so that the index without the others serves
