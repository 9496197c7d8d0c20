"""The provider's book laid out on disk, so that it can be looked up by key however long it is.

A private temporary database of SQLite, deleted when it is closed or the process ends: memory stays
bounded, and the provider is asked for each page once.
"""

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from app.domain.money import Money
from app.event_store.streams import partition_of
from app.payments.provider.port import BookEntry, PaymentKind

SCHEMA = """
CREATE TABLE book (
    partition_id INTEGER NOT NULL,
    shop_id TEXT NOT NULL,
    key TEXT NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    order_id TEXT,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    provider_reference TEXT NOT NULL,
    paid_at TEXT NOT NULL,
    PRIMARY KEY (partition_id, shop_id, key, position)
) WITHOUT ROWID;
"""

ADD = "INSERT OR REPLACE INTO book VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

OF_KEY = """
SELECT position, kind, key, shop_id, order_id, amount, currency, provider_reference, paid_at
FROM book WHERE partition_id = ? AND shop_id = ? AND key = ? ORDER BY position
"""

KEYS = """
SELECT DISTINCT key FROM book WHERE partition_id = ? AND shop_id = ? AND key > ?
ORDER BY key LIMIT ?
"""

NEXT_SHOP = "SELECT min(shop_id) FROM book WHERE partition_id = ? AND shop_id > ?"

P = ParamSpec("P")
T = TypeVar("T")


class BookSpool:
    """What a provider's book has, by shop and key."""

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread

    async def add(self, entries: Sequence[BookEntry]) -> None:
        """Lay out a page."""
        await self._run(_add, [_row(entry) for entry in entries])

    async def of_keys(self, shop_id: str, keys: Sequence[str]) -> Mapping[str, list[BookEntry]]:
        """Return a shop's entries of some keys, each in the order they were paid."""
        return await self._run(_of_keys, shop_id, keys)

    async def keys_after(self, shop_id: str, after: str, limit: int) -> Sequence[str]:
        """Return a shop's next keys."""
        return await self._run(_keys_after, shop_id, after, limit)

    async def shop_after(self, partition_id: int, after: str) -> str | None:
        """Return the next shop of a partition that was paid for; None after the last."""
        return await self._run(_shop_after, partition_id, after)

    async def _run(
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._thread, lambda: work(self._connection, *args, **kwargs)
        )


@asynccontextmanager
async def open_spool() -> AsyncIterator[BookSpool]:
    """Open an empty spool; it is gone at the end."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="book-spool") as thread:
        connection = await loop.run_in_executor(thread, _opened)
        try:
            yield BookSpool(connection, thread)
        finally:
            await loop.run_in_executor(thread, connection.close)


def _opened() -> sqlite3.Connection:
    connection = sqlite3.connect("")  # no name: temporary, on disk once it is large
    connection.executescript(SCHEMA)
    return connection


def _add(connection: sqlite3.Connection, rows: Sequence[tuple[object, ...]]) -> None:
    with connection:
        connection.executemany(ADD, rows)


def _of_keys(
    connection: sqlite3.Connection, shop_id: str, keys: Sequence[str]
) -> Mapping[str, list[BookEntry]]:
    found: defaultdict[str, list[BookEntry]] = defaultdict(list)
    partition_id = partition_of(shop_id)
    for key in keys:
        found[key] += map(_entry, connection.execute(OF_KEY, (partition_id, shop_id, key)))
    return found


def _keys_after(
    connection: sqlite3.Connection, shop_id: str, after: str, limit: int
) -> Sequence[str]:
    rows = connection.execute(KEYS, (partition_of(shop_id), shop_id, after, limit))
    return [key for (key,) in rows]


def _shop_after(connection: sqlite3.Connection, partition_id: int, after: str) -> str | None:
    found: tuple[str | None] = connection.execute(NEXT_SHOP, (partition_id, after)).fetchone()
    return found[0]


def _row(entry: BookEntry) -> tuple[object, ...]:
    return (
        partition_of(entry.shop_id),
        entry.shop_id,
        entry.key,
        entry.position,
        entry.kind.value,
        entry.order_id,
        entry.amount.amount,
        entry.amount.currency,
        entry.provider_reference,
        entry.paid_at.isoformat(),
    )


def _entry(row: tuple[int, str, str, str, str | None, int, str, str, str]) -> BookEntry:
    position, kind, key, shop_id, order_id, amount, currency, reference, paid_at = row
    return BookEntry(
        position=position,
        kind=PaymentKind(kind),
        key=key,
        shop_id=shop_id,
        order_id=order_id,
        amount=Money(amount=amount, currency=currency),
        provider_reference=reference,
        paid_at=datetime.fromisoformat(paid_at),
    )
