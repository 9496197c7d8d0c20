"""Pages of a list in a stable order, most often newest first, continued after the last row seen."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Row, Select, Table, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from app.event_store.tables import checkpoints

PAGE_ROWS_MAX = 200

RowT_co = TypeVar("RowT_co", covariant=True)


class After(NamedTuple):
    """The row a page ended with: the instant the list is ordered by, and its id."""

    at: datetime
    id: str


class ListOrder(NamedTuple):
    """The column of the instant a list is ordered by, and which end comes first.

    The id breaks ties, in the same direction.
    """

    column: str
    latest_first: bool

    def by(self, *columns: ColumnElement[Any]) -> list[ColumnElement[Any]]:
        """Return instant and id as ORDER BY takes them."""
        return [column.desc() if self.latest_first else column.asc() for column in columns]


NEWEST_FIRST = ListOrder("created_at", latest_first=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[RowT_co]):
    """Rows in the list's order. ``next`` continues the list, None at its end.

    ``current_to`` is the position in the shop's partition up to which the rows know of events.
    """

    rows: tuple[RowT_co, ...]
    next: After | None
    current_to: int


def page_of(
    table: Table,
    identity: str,
    conditions: list[ColumnElement[bool]],
    *,
    columns: list[ColumnElement[Any]],
    after: After | None,
    limit: int,
    order: ListOrder = NEWEST_FIRST,
) -> Select[Any]:
    """Select one row more than ``limit``, which tells whether there is a next page.

    ``limit`` is 1 to `PAGE_ROWS_MAX`, else ValueError.
    """
    if not 1 <= limit <= PAGE_ROWS_MAX:
        raise ValueError(f"a page has 1 to {PAGE_ROWS_MAX} rows")
    key = (table.c[order.column], table.c[identity])
    query = select(*key, *columns).where(*conditions)
    if after is not None:
        query = query.where(beyond(key, after, order))
    return query.order_by(*order.by(*key)).limit(limit + 1)


def beyond(
    key: tuple[ColumnElement[Any], ColumnElement[Any]], after: After, order: ListOrder
) -> ColumnElement[bool]:
    """Return whether a row, by its instant and id, comes after another in a list's order."""
    there = tuple_(after.at, after.id)
    return tuple_(*key) < there if order.latest_first else tuple_(*key) > there


def up_to(
    key: tuple[ColumnElement[Any], ColumnElement[Any]], last: After, order: ListOrder
) -> ColumnElement[bool]:
    """Return whether a row, by its instant and id, is another one or comes before it."""
    there = tuple_(last.at, last.id)
    return tuple_(*key) >= there if order.latest_first else tuple_(*key) <= there


def with_checkpoint(
    page: Select[Any],
    identity: str,
    partition_id: int,
    reader: str,
    order: ListOrder = NEWEST_FIRST,
) -> Select[Any]:
    """Select a page and, in every row, how far its reader has come.

    One row at least, empty but for the position; none if the reader has never run here.
    """
    rows = page.cte("page")
    return (
        select(checkpoints.c.position.label("current_to"), rows)
        .select_from(checkpoints.outerjoin(rows, true()))
        .where(checkpoints.c.partition_id == partition_id, checkpoints.c.reader == reader)
        .order_by(*order.by(rows.c[order.column], rows.c[identity]))
    )


async def fetch_page(
    engine: AsyncEngine,
    query: Select[Any],
    identity: str,
    limit: int,
    order: ListOrder = NEWEST_FIRST,
) -> tuple[list[Row[Any]], After | None, int]:
    """Run a query made by `with_checkpoint`: its rows, what continues them, and ``current_to``."""
    async with engine.connect() as connection:
        found = (await connection.execute(query)).all()
    current_to = found[0].current_to if found else 0
    rows = [row for row in found if row._mapping[identity] is not None]
    more = len(rows) > limit
    rows = rows[:limit]
    last = rows[-1]._mapping if more else None
    return rows, None if last is None else After(last[order.column], last[identity]), current_to
