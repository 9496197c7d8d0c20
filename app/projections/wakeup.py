"""Wakes readers when the log has grown, and those who follow a view live when it has.

For live views one look at the database serves a whole process: which partitions have grown, and in
them for whom. A follower is not given rows but woken to read them: a slow one holds up no other and
needs no memory, and one that reads by position misses nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

import asyncpg
import structlog

from app.event_store.announcer import LOG_CHANNEL
from app.event_store.connections import LOST_CONNECTION, Connect, Queryable
from app.postgres.pool import CONNECTION_FAILURES, DatabaseUnavailable

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


FIND_REACHED = """
SELECT c.partition_id, c.position FROM after_sales.checkpoints AS c
WHERE c.partition_id = ANY ($1::smallint[]) AND c.reader = $2
"""

LOOK_EVERY_SECONDS = 0.2
RETRY_SECONDS = 1.0
POSITIONS_LOOKED_AT_MAX = 1_000
"""Beyond so many new events in a partition all its followers are woken, without a closer look."""

DATABASE_AWAY: tuple[type[Exception], ...] = (*CONNECTION_FAILURES, *LOST_CONNECTION)


K = TypeVar("K", bound=tuple[Any, ...])
"""What is followed: a partition, and whose rows in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth(Generic[K]):
    """How a view grows.

    ``reader``: the reader that keeps it. ``find_grown``: returns what has new rows in a partition
    after a position, up to another.
    """

    reader: str
    find_grown: Callable[[Queryable, int, int, int], Awaitable[Collection[K]]]


class ChangeListener(Generic[K]):
    """Looks a few times a second while there are followers; holds no connection between."""

    def __init__(
        self,
        database: Queryable,
        growth: Growth[K],
        *,
        look_every_seconds: float = LOOK_EVERY_SECONDS,
    ) -> None:
        self._database = database
        self._growth = growth
        self._look_every_seconds = look_every_seconds
        self._watchers: defaultdict[K, set[asyncio.Event]] = defaultdict(set)
        self._reached: dict[int, int] = {}
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "ChangeListener[K]":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @contextmanager
    def woken(self, *keys: K) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever there may be something new; read once before waiting.

        ``keys``: what is followed, any of which wakes.
        """
        wakeup = asyncio.Event()
        for key in keys:
            self._watchers[key].add(wakeup)
        self._wanted.set()
        try:
            yield wakeup
        finally:
            self._forget(keys, wakeup)

    def _forget(self, keys: Iterable[K], wakeup: asyncio.Event) -> None:
        for key in keys:
            self._watchers[key].discard(wakeup)
            if not self._watchers[key]:
                del self._watchers[key]
        if not self._watchers:
            self._wanted.clear()
            self._reached.clear()

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            try:
                await self._look()
            except DATABASE_AWAY as error:
                reader = self._growth.reader
                _log.info("view_watch_not_connected", reader=reader, reason=error)
                await asyncio.sleep(RETRY_SECONDS)
            await asyncio.sleep(self._look_every_seconds)

    async def _look(self) -> None:
        partitions = sorted({key[0] for key in self._watchers})
        rows = await self._database.fetch(FIND_REACHED, partitions, self._growth.reader)
        for row in rows:
            partition_id, position = row["partition_id"], row["position"]
            before = self._reached.get(partition_id)
            if before != position:
                self._wake(await self._grown(partition_id, before, position))
                self._reached[partition_id] = position

    async def _grown(self, partition_id: int, before: int | None, position: int) -> Collection[K]:
        """Return who may have something new; all who are watched there if that is not known."""
        if before is None or not before < position <= before + POSITIONS_LOOKED_AT_MAX:
            return [key for key in self._watchers if key[0] == partition_id]
        return await self._growth.find_grown(self._database, partition_id, before, position)

    def _wake(self, keys: Collection[K]) -> None:
        for key in keys:
            for wakeup in self._watchers.get(key, ()):
                wakeup.set()
