"""The list of a shop's journals, newest first, and what is in its accounts."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, any_, literal_column
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.funds.accounts import Account
from app.event_store.connections import Queryable
from app.event_store.streams import partition_of
from app.projections.ledger.entry import LedgerEntry, LedgerKind
from app.projections.ledger.table import COLUMNS, LedgerReader, entry_from_row, ledger
from app.projections.paging import PAGE_ROWS_MAX, After, ListOrder, Page, ShopList, equal, within

NEWEST_FIRST = ListOrder("at", latest_first=True)
LIST = ShopList(
    table=ledger,
    identity="journal_id",
    reader=LedgerReader.name,
    columns=tuple(ledger.c[name] for name in COLUMNS if name not in {"at", "journal_id"}),
    view=lambda row: entry_from_row(row._asdict()),
)

# One row at least, empty but for the position; none if the reader has never run here.
FETCH_BALANCES = """
SELECT c.position AS current_to, b.account, b.balance, b.reserved
FROM after_sales.checkpoints AS c
LEFT JOIN after_sales.balances AS b ON b.partition_id = c.partition_id AND b.shop_id = $2
WHERE c.partition_id = $1 AND c.reader = $3
ORDER BY b.account
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerFilters:
    """What journals to list; None lists them all.

    ``account``: those with a line of it. ``at_to`` is exclusive.
    """

    account: Account | None = None
    kind: LedgerKind | None = None
    order_id: str | None = None
    refund_key: str | None = None
    at_from: datetime | None = None
    at_to: datetime | None = None


class Balance(NamedTuple):
    """Minor units in an account, and those on their way from it to buyers."""

    balance: int
    reserved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """The balances of a shop as of a position in its partition; an account never used is absent."""

    of: dict[Account, Balance]
    current_to: int


async def list_ledger(
    engine: AsyncEngine,
    shop_id: str,
    filters: LedgerFilters,
    *,
    after: After | None = None,
    limit: int = 50,
) -> Page[LedgerEntry]:
    """Return a page of a shop's journals."""
    query = ledger_page(shop_id, filters, after=after, limit=limit)
    return await LIST.fetch(engine, query, limit, NEWEST_FIRST)


async def all_of_ledger(
    engine: AsyncEngine, shop_id: str, filters: LedgerFilters
) -> AsyncIterator[tuple[LedgerEntry, ...]]:
    """Yield page after page; between them no connection is held."""
    after: After | None = None
    while True:
        page = await list_ledger(engine, shop_id, filters, after=after, limit=PAGE_ROWS_MAX)
        yield page.rows
        if page.next is None:
            return
        after = page.next


async def fetch_balances(database: Queryable, shop_id: str) -> Balances:
    """Return the balances of a shop as the ledger has them. One round trip."""
    rows = await database.fetch(FETCH_BALANCES, partition_of(shop_id), shop_id, LedgerReader.name)
    return Balances(
        of={
            Account(row["account"]): Balance(int(row["balance"]), int(row["reserved"]))
            for row in rows
            if row["account"] is not None
        },
        current_to=rows[0]["current_to"] if rows else 0,
    )


def ledger_page(
    shop_id: str, filters: LedgerFilters, *, after: After | None = None, limit: int
) -> Select[Any]:
    """Build the statement of a page."""
    conditions = _conditions(filters)
    return LIST.page(shop_id, conditions, after=after, limit=limit, order=NEWEST_FIRST)


def _conditions(filters: LedgerFilters) -> Iterator[ColumnElement[bool]]:
    if filters.account is not None:
        # Written out, not bound: the index of an account's journals is for this very condition.
        yield literal_column(f"'{filters.account.value}'") == any_(ledger.c.accounts)
    yield from equal(ledger, filters, "kind", "order_id", "refund_key")
    yield from within(ledger.c.at, filters.at_from, filters.at_to)
