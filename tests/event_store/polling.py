"""Waiting for something to become true, with a deadline instead of a guess."""

import asyncio
from collections.abc import Awaitable, Callable

from app.event_store.connections import OwnConnection

DEADLINE_SECONDS = 30.0


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return once the condition holds; TimeoutError if it does not in time."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - it comes true in another process
            await asyncio.sleep(0.005)


async def until_blocked(connection: OwnConnection, sessions: int = 1) -> None:
    """Return once so many sessions of this database wait for a lock."""

    async def blocked() -> bool:
        # Within a transaction the first look would otherwise be the last one.
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        waiting: int = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return waiting >= sessions

    await until(blocked)
