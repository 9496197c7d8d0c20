"""Transactions that hold queues: short, and ended by the server if their process stands still."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.event_store.connections import Connection
from app.postgres.pool import Pool

# Without it, the queues of a process that was stopped, or is gone without a word, were nobody's.
HOLD_WHILE_ALIVE = "SET LOCAL idle_in_transaction_session_timeout = 15000"

# What a server that crashed forgets of the last moments is sent again, under the same id.
COMMIT_WITHOUT_WAITING = f"{HOLD_WHILE_ALIVE}; SET LOCAL synchronous_commit = off"


@asynccontextmanager
async def holding_queues(pool: Pool, *, durable: bool = True) -> AsyncIterator[Connection]:
    """Open a transaction that may lock queues, and commit it at the end.

    ``durable``: whether its commit waits for the disk. What a person asked for does; claims and
    outcomes do not, for losing one leads to nothing but another attempt.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(HOLD_WHILE_ALIVE if durable else COMMIT_WITHOUT_WAITING)
        yield connection
