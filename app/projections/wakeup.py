"""Hearing that the log has grown, while the connection allows it."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial

import asyncpg
import structlog

from app.event_store.announcer import LOG_CHANNEL
from app.event_store.connections import LOST_CONNECTION, Connect
from app.postgres.pool import DatabaseUnavailable

_log = structlog.get_logger(__name__)


class LogListener:
    """Sets ``wakeup`` at every notification, over a connection of its own that it keeps alive.

    ``also`` are channels, the log's or others, each with what else is to be set there.
    Behind a pooler in transaction mode no notification arrives; a waiting process must poll
    from time to time.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        retry_seconds: float = 1.0,
        also: Mapping[str, asyncio.Event] | None = None,
    ) -> None:
        self.wakeup = asyncio.Event()
        self._events = {LOG_CHANNEL: [self.wakeup]}
        for channel, event in (also or {}).items():
            self._events.setdefault(channel, []).append(event)
        self._connect = connect
        self._retry_seconds = retry_seconds
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "LogListener":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._listen_until_lost()
            except (*LOST_CONNECTION, DatabaseUnavailable, asyncpg.PostgresError) as error:
                _log.info("log_listener_not_connected", reason=error)
            await asyncio.sleep(self._retry_seconds)

    async def _listen_until_lost(self) -> None:
        lost = asyncio.Event()
        connection = await self._connect()
        try:
            connection.add_termination_listener(lambda *_: lost.set())
            for channel, events in self._events.items():
                await connection.add_listener(channel, partial(_set, events))
                # What was announced while not listening is found by polling once.
                _set(events)
            await lost.wait()
        finally:
            connection.terminate()


def _set(events: Iterable[asyncio.Event], *_: object) -> None:
    for event in events:
        event.set()
