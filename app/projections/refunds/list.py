"""The lists of refunds: a shop's, newest first, and those that wait anywhere, longest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, not_
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.refunds import FundingSource
from app.event_store.connections import Queryable
from app.event_store.streams import PARTITION_COUNT
from app.projections.paging import After, ListOrder, Page, equal, within
from app.projections.refunds.apply import RefundsReader
from app.projections.refunds.table import REFUNDS, refunds
from app.projections.refunds.view import RefundProgress, RefundWaiting, ShopRefund
from app.topology import Topology

LIST = REFUNDS.list_by(RefundsReader.name)
NEWEST_FIRST = ListOrder("requested_at", latest_first=True)

STUCK = (RefundWaiting.PERSON, RefundWaiting.OUTCOME)
"""What only a person can end, or what has no known outcome."""

# Each partition gives its own first rows, so nothing is read but what may come into the page.
FIND_WAITING = """
SELECT r.waiting_since, r.refund_key, r.doc
FROM unnest($1::smallint[]) AS p(partition_id)
CROSS JOIN unnest($2::text[]) AS w(waiting)
CROSS JOIN LATERAL (
    SELECT f.waiting_since, f.refund_key, f.doc
    FROM after_sales.refunds AS f
    WHERE f.partition_id = p.partition_id AND f.waiting = w.waiting
      AND (f.waiting_since, f.refund_key) > ($3, $4)
    ORDER BY f.waiting_since, f.refund_key
    LIMIT $5
) AS r
ORDER BY r.waiting_since, r.refund_key
LIMIT $5
"""

_FROM_THE_BEGINNING = After(datetime(1970, 1, 1, tzinfo=UTC), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFilters:
    """What refunds to list; None lists them all. ``requested_to`` is exclusive."""

    progress: RefundProgress | None = None
    source: FundingSource | None = None
    waiting: RefundWaiting | None = None
    overdue: bool | None = None
    order_id: str | None = None
    requested_from: datetime | None = None
    requested_to: datetime | None = None


async def list_refunds(
    engine: AsyncEngine,
    shop_id: str,
    filters: RefundFilters,
    *,
    after: After | None = None,
    limit: int = 50,
) -> Page[ShopRefund]:
    """Return a page of a shop's refunds."""
    query = refund_page(shop_id, filters, after=after, limit=limit)
    return await LIST.fetch(engine, query, limit, NEWEST_FIRST)


async def list_waiting(
    database: Queryable,
    waiting: Sequence[RefundWaiting],
    *,
    topology: Topology,
    after: After | None = None,
    limit: int = 50,
) -> tuple[tuple[ShopRefund, ...], After | None]:
    """Return the refunds of all shops that wait for any of some things, longest first.

    And what continues them, None at the end. A single Postgres is asked once; on Citus, where a
    statement stays within one partition, each partition is asked in turn.
    """
    partitions = list(range(PARTITION_COUNT))
    asked = [partitions] if topology is Topology.SINGLE else [[one] for one in partitions]
    begin = after or _FROM_THE_BEGINNING
    names = [one.value for one in waiting]
    found = [
        row
        for some in asked
        for row in await database.fetch(FIND_WAITING, some, names, begin.at, begin.id, limit + 1)
    ]
    found.sort(key=lambda row: (row["waiting_since"], row["refund_key"]))
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    continued = None if last is None else After(last["waiting_since"], last["refund_key"])
    return tuple(REFUNDS.view_of(row["doc"]) for row in shown), continued


def refund_page(
    shop_id: str, filters: RefundFilters, *, after: After | None = None, limit: int
) -> Select[Any]:
    """Build the statement of a page."""
    conditions = _conditions(filters)
    return LIST.page(shop_id, conditions, after=after, limit=limit, order=NEWEST_FIRST)


def _conditions(filters: RefundFilters) -> Iterator[ColumnElement[bool]]:
    yield from equal(refunds, filters, "progress", "source", "waiting", "order_id")
    yield from within(refunds.c.requested_at, filters.requested_from, filters.requested_to)
    if filters.overdue is not None:
        yield refunds.c.overdue if filters.overdue else not_(refunds.c.overdue)
