"""The list of a shop's tickets, newest first, by what they are filtered by; and their labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, not_
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.order.tickets import TicketState
from app.event_store.partitions import partition_of
from app.read_models.paging import After, Page, fetch_page, page_of, with_checkpoint
from app.read_models.texts import OVERDUE_LABEL
from app.read_models.ticket_view import TicketView
from app.read_models.tickets import TicketsReader, ticket_from_stored, tickets


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilters:
    """What tickets to list; None lists them all.

    ``overdue``: with the label 超期售后, or without. ``due_before`` and ``created_to`` are
    exclusive; ``due_before`` leaves out what has no deadline.
    """

    state: TicketState | None = None
    overdue: bool | None = None
    buyer_id: str | None = None
    order_id: str | None = None
    due_before: datetime | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


async def list_tickets(
    engine: AsyncEngine,
    shop_id: str,
    filters: TicketFilters,
    *,
    after: After | None = None,
    limit: int = 50,
) -> Page[TicketView]:
    """Return a page of a shop's tickets."""
    query = ticket_page(shop_id, filters, after=after, limit=limit)
    rows, continued, current_to = await fetch_page(engine, query, "ticket_id", limit)
    return Page(
        rows=tuple(ticket_from_stored(row.doc) for row in rows),
        next=continued,
        current_to=current_to,
    )


def ticket_page(
    shop_id: str, filters: TicketFilters, *, after: After | None, limit: int
) -> Select[Any]:
    """Build the statement of a page."""
    partition_id = partition_of(shop_id)
    page = page_of(
        tickets,
        "ticket_id",
        [
            tickets.c.partition_id == partition_id,
            tickets.c.shop_id == shop_id,
            *_conditions(filters),
        ],
        columns=[cast(tickets.c.doc, Text).label("doc")],
        after=after,
        limit=limit,
    )
    return with_checkpoint(page, "ticket_id", partition_id, TicketsReader().name)


def order_id_of(ticket_id: str) -> str:
    """Return the order a ticket belongs to: a ticket's id is its order's and a number."""
    return ticket_id.rpartition("-")[0]


def labels_of(ticket: TicketView) -> tuple[str, ...]:
    """Return the codes of a ticket's labels; their texts are in `LABEL_TEXTS`."""
    return (OVERDUE_LABEL,) if ticket.overdue else ()


def _conditions(filters: TicketFilters) -> Iterator[ColumnElement[bool]]:
    if filters.state is not None:
        yield tickets.c.state == filters.state.value
    if filters.overdue is not None:
        yield tickets.c.overdue if filters.overdue else not_(tickets.c.overdue)
    if filters.buyer_id is not None:
        yield tickets.c.buyer_id == filters.buyer_id
    if filters.order_id is not None:
        yield tickets.c.order_id == filters.order_id
    if filters.due_before is not None:
        yield tickets.c.due_at < filters.due_before
    if filters.created_from is not None:
        yield tickets.c.created_at >= filters.created_from
    if filters.created_to is not None:
        yield tickets.c.created_at < filters.created_to
