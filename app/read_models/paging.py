"""Pages of a list: newest first, continued after the last row seen."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Row, Select, Table, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from app.event_store.tables import checkpoints

PAGE_ROWS_MAX = 200

RowT_co = TypeVar("RowT_co", covariant=True)


class After(NamedTuple):
    """The row a page ended with: when it was created, and its id, which breaks ties."""

    created_at: datetime
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[RowT_co]):
    """Rows newest first. ``next`` continues the list, None at its end.

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
) -> Select[Any]:
    """Select one row more than ``limit``, which tells whether there is a next page.

    ``limit`` is 1 to `PAGE_ROWS_MAX`, else ValueError.
    """
    if not 1 <= limit <= PAGE_ROWS_MAX:
        raise ValueError(f"a page has 1 to {PAGE_ROWS_MAX} rows")
    order = (table.c.created_at, table.c[identity])
    query = select(*order, *columns).where(*conditions)
    if after is not None:
        query = query.where(tuple_(*order) < tuple_(after.created_at, after.id))
    return query.order_by(*(column.desc() for column in order)).limit(limit + 1)


def with_checkpoint(
    page: Select[Any], identity: str, partition_id: int, reader: str
) -> Select[Any]:
    """Select a page and, in every row, how far its reader has come.

    One row at least, empty but for the position; none if the reader has never run here.
    """
    rows = page.cte("page")
    return (
        select(checkpoints.c.position.label("current_to"), rows)
        .select_from(checkpoints.outerjoin(rows, true()))
        .where(checkpoints.c.partition_id == partition_id, checkpoints.c.reader == reader)
        .order_by(rows.c.created_at.desc(), rows.c[identity].desc())
    )


async def fetch_page(
    engine: AsyncEngine, query: Select[Any], identity: str, limit: int
) -> tuple[list[Row[Any]], After | None, int]:
    """Run a query made by `with_checkpoint`: its rows, what continues them, and ``current_to``."""
    async with engine.connect() as connection:
        found = (await connection.execute(query)).all()
    current_to = found[0].current_to if found else 0
    rows = [row for row in found if row.created_at is not None]
    more = len(rows) > limit
    rows = rows[:limit]
    last = rows[-1]._mapping if more else None
    return rows, None if last is None else After(last["created_at"], last[identity]), current_to
