"""Pages of a list in a stable order, most often newest first, continued after the last row seen."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Row, Select, Table, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from app.event_store.streams import partition_of
from app.event_store.tables import checkpoints

PAGE_ROWS_MAX = 200

RowT_co = TypeVar("RowT_co", covariant=True)
View = TypeVar("View")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopList(Generic[View]):
    """A list of a shop's rows of a table that ``reader`` keeps.

    ``identity``: the column of the id, which breaks ties. ``columns``: what is read besides the
    instant and the id. ``view``: returns what a row shows.
    """

    table: Table
    identity: str
    reader: str
    columns: tuple[ColumnElement[Any], ...]
    view: Callable[[Row[Any]], View]

    def key(self, order: ListOrder) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
        """Return the instant and the id the list is ordered by."""
        return self.table.c[order.column], self.table.c[self.identity]

    def page(
        self,
        shop_id: str,
        conditions: Iterable[ColumnElement[bool]],
        *,
        after: After | None,
        limit: int,
        order: ListOrder = NEWEST_FIRST,
    ) -> Select[Any]:
        """Select a page of a shop's rows and, in every row, how far the reader has come.

        One row more than ``limit``, so that it is known whether there is a next page; one row at
        least, empty but for the position; none if the reader has never run here. ``limit`` is 1 to
        `PAGE_ROWS_MAX`, else ValueError.
        """
        if not 1 <= limit <= PAGE_ROWS_MAX:
            raise ValueError(f"a page has 1 to {PAGE_ROWS_MAX} rows")
        key, partition_id = self.key(order), partition_of(shop_id)
        query = select(*key, *self.columns).where(
            self.table.c.partition_id == partition_id, self.table.c.shop_id == shop_id, *conditions
        )
        if after is not None:
            query = query.where(beyond(key, after, order))
        rows = query.order_by(*order.by(*key)).limit(limit + 1).cte("page")
        return (
            select(checkpoints.c.position.label("current_to"), rows)
            .select_from(checkpoints.outerjoin(rows, true()))
            .where(checkpoints.c.partition_id == partition_id, checkpoints.c.reader == self.reader)
            .order_by(*order.by(rows.c[order.column], rows.c[self.identity]))
        )

    async def fetch(
        self, engine: AsyncEngine, page: Select[Any], limit: int, order: ListOrder = NEWEST_FIRST
    ) -> Page[View]:
        """Run the statement of a page."""
        async with engine.connect() as connection:
            found = (await connection.execute(page)).all()
        current_to = found[0].current_to if found else 0
        rows = [row for row in found if row._mapping[self.identity] is not None]
        shown = rows[:limit]
        last = shown[-1]._mapping if len(rows) > limit else None
        return Page(
            rows=tuple(map(self.view, shown)),
            next=None if last is None else After(last[order.column], last[self.identity]),
            current_to=current_to,
        )


def equal(table: Table, filters: object, *columns: str) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions of filters that want one value of the column of their name."""
    for column in columns:
        wanted = getattr(filters, column)
        if wanted is not None:
            yield table.c[column] == str(wanted)


def within(
    column: ColumnElement[Any], begin: datetime | None, end: datetime | None
) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions of a period: from ``begin``, up to and without ``end``."""
    if begin is not None:
        yield column >= begin
    if end is not None:
        yield column < end


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
