"""Notifies waiting workers of all processes that the log has grown; only a hint."""

import asyncio

import asyncpg
import structlog

from app.event_store.connections import LOST_CONNECTION, Connect, OwnConnection
from app.postgres.pool import DatabaseUnavailable

LOG_CHANNEL = "after_sales_log"

_log = structlog.get_logger(__name__)


class Announcer:
    """Sends at most one NOTIFY per interval, after commit and over a separate connection.

    A NOTIFY inside the append would make every commit queue for one lock. If an announcement is
    lost, workers find the events when they look at the heads the next time.
    """

    def __init__(self, connect: Connect, *, interval_seconds: float = 0.01) -> None:
        self._connect = connect
        self._interval_seconds = interval_seconds
        self._wanted = asyncio.Event()
        self._connection: OwnConnection | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Announcer":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._connection is not None:
            self._connection.terminate()

    def announce(self) -> None:
        """Request a notification; returns at once."""
        self._wanted.set()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._notify()
            except (*LOST_CONNECTION, DatabaseUnavailable, asyncpg.PostgresError) as error:
                _log.info("announcement_lost", reason=error)
                self._forget_connection()
                await asyncio.sleep(1.0)
            await asyncio.sleep(self._interval_seconds)

    async def _notify(self) -> None:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        await self._connection.execute(f"NOTIFY {LOG_CHANNEL}", timeout=5.0)

    def _forget_connection(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
        self._connection = None
