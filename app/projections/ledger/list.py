"""The list of a shop's journals, newest first, and what is in its accounts."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, any_, literal_column
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.funds.accounts import Account
from app.event_store.connections import Queryable
from app.event_store.partitions import partition_of
from app.projections.ledger.entry import LedgerEntry, LedgerKind
from app.projections.ledger.table import COLUMNS, LedgerReader, entry_from_row, ledger
from app.projections.paging import (
    PAGE_ROWS_MAX,
    After,
    ListOrder,
    Page,
    fetch_page,
    page_of,
    with_checkpoint,
)

NEWEST_FIRST = ListOrder("at", latest_first=True)

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
    rows, continued, current_to = await fetch_page(engine, query, "journal_id", limit, NEWEST_FIRST)
    entries = tuple(entry_from_row(row._asdict()) for row in rows)
    return Page(rows=entries, next=continued, current_to=current_to)


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
    rows = await database.fetch(FETCH_BALANCES, partition_of(shop_id), shop_id, LedgerReader().name)
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
    partition_id = partition_of(shop_id)
    page = page_of(
        ledger,
        "journal_id",
        list(_conditions(shop_id, filters)),
        columns=[ledger.c[name] for name in COLUMNS if name not in {"at", "journal_id"}],
        after=after,
        limit=limit,
        order=NEWEST_FIRST,
    )
    return with_checkpoint(page, "journal_id", partition_id, LedgerReader().name, NEWEST_FIRST)


def _conditions(shop_id: str, filters: LedgerFilters) -> Iterator[ColumnElement[bool]]:
    yield ledger.c.partition_id == partition_of(shop_id)
    yield ledger.c.shop_id == shop_id
    if filters.account is not None:
        # Written out, not bound: the index of an account's journals is for this very condition.
        yield literal_column(f"'{filters.account.value}'") == any_(ledger.c.accounts)
    for column in ("kind", "order_id", "refund_key"):
        wanted = getattr(filters, column)
        if wanted is not None:
            yield ledger.c[column] == str(wanted)
    if filters.at_from is not None:
        yield ledger.c.at >= filters.at_from
    if filters.at_to is not None:
        yield ledger.c.at < filters.at_to
