"""Transactions that hold queues: short, and ended by the server if their process stands still."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.database import Pool
from app.event_store.connections import Connection

# Without it, the queues of a process that was stopped, or is gone without a word, were nobody's.
HOLD_WHILE_ALIVE = "SET LOCAL idle_in_transaction_session_timeout = 15000"


@asynccontextmanager
async def holding_queues(pool: Pool) -> AsyncIterator[Connection]:
    """Open a transaction that may lock queues, and commit it at the end."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(HOLD_WHILE_ALIVE)
        yield connection
