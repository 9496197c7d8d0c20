"""The sandbox's memory: one SQLite file that holds after any crash what was answered before it.

**What "pays" means here: the COMMIT of one transaction.** It writes the order under its key, the
line in the book and the callback to be sent, together, with the write-ahead log synced to disk
(`synchronous=FULL`), before a single byte of an answer or a callback leaves. So a kill at any
instant leaves one of two things: nothing of the order, which a query then does not know and which
may be sent again; or all of it, which a query then reports, even if the caller got no answer.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

BUSY_SECONDS = 5.0

# The book has no unique key on purpose. It is the witness of what was paid: if the sandbox ever
# paid twice, the book must be able to show it. What keeps it from doing so is the key of payments.
SCHEMA = """
CREATE TABLE IF NOT EXISTS payments (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('refund', 'payout')),
    shop_id TEXT NOT NULL,
    channel TEXT,
    order_id TEXT,
    payee_account TEXT,
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    behaviour TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('accepted', 'succeeded', 'refused')),
    provider_reference TEXT,
    paid_at TEXT CHECK ((paid_at IS NOT NULL) = (status = 'succeeded')),
    refusal_code TEXT CHECK ((refusal_code IS NOT NULL) = (status = 'refused')),
    received_at TEXT NOT NULL,
    settles_at TEXT CHECK ((settles_at IS NOT NULL) = (status = 'accepted'))
);
CREATE INDEX IF NOT EXISTS payments_settling ON payments (settles_at)
    WHERE settles_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS lost_arrivals (
    key TEXT PRIMARY KEY,
    arrivals INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS book (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    shop_id TEXT NOT NULL,
    order_id TEXT,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    provider_reference TEXT NOT NULL,
    paid_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS book_of_shop ON book (shop_id, position);
CREATE INDEX IF NOT EXISTS book_of_key ON book (key, position);
CREATE TABLE IF NOT EXISTS deliveries (
    delivery INTEGER PRIMARY KEY AUTOINCREMENT,
    callback_id TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    forgeries_left INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at TEXT,
    delivered_at TEXT,
    last_answer TEXT
);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS deliveries_of_key ON deliveries (key);
CREATE TABLE IF NOT EXISTS configuration (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
"""

P = ParamSpec("P")
T = TypeVar("T")


class Store:
    """One connection and one thread for it: transactions happen one after the other."""

    def __init__(self, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._thread = thread

    async def run(
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Do all of a work and commit it, or nothing; it is done even if the caller has gone."""

        def in_transaction() -> T:
            with _transaction(self._connection):
                return work(self._connection, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._thread, in_transaction)


@asynccontextmanager
async def open_store(path: Path) -> AsyncIterator[Store]:
    """Open the file, made if it is missing, and close it at the end."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-store") as thread:
        connection = await loop.run_in_executor(thread, _opened, path)
        try:
            yield Store(connection, thread)
        finally:
            await loop.run_in_executor(thread, connection.close)


def stored_instant(instant: datetime) -> str:
    """Return an instant as it is stored: UTC, microseconds, so that texts sort as instants do."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def _opened(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Transactions are begun and ended by us alone.
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.executescript(SCHEMA)
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
