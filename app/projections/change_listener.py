"""Waking those who follow a view live, when there may be something new in it for them.

One look at the database serves all of a process, however many follow: which partitions have grown,
and in them for whom. A follower is not given rows but woken to read them: a slow one holds up no
other and needs no memory, and one that reads by position misses nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

import structlog

from app.event_store.connections import LOST_CONNECTION, Queryable
from app.postgres.pool import CONNECTION_FAILURES

FIND_REACHED = """
SELECT c.partition_id, c.position FROM after_sales.checkpoints AS c
WHERE c.partition_id = ANY ($1::smallint[]) AND c.reader = $2
"""

LOOK_EVERY_SECONDS = 0.2
RETRY_SECONDS = 1.0
POSITIONS_LOOKED_AT_MAX = 1_000
"""Beyond so many new events in a partition all its followers are woken, without a closer look."""

DATABASE_AWAY: tuple[type[Exception], ...] = (*CONNECTION_FAILURES, *LOST_CONNECTION)

_log = structlog.get_logger(__name__)

K = TypeVar("K", bound=Hashable)


class Growth(Protocol[K]):
    """How a view grows: by which reader, and for whom there is something new."""

    @property
    def reader(self) -> str:
        """The reader whose checkpoints say how far the view has come."""
        ...

    def partition_of(self, key: K) -> int:
        """Return the partition in which what a follower waits for appears."""
        ...

    async def grown(
        self, database: Queryable, partition_id: int, after: int, up_to: int
    ) -> Collection[K]:
        """Return who has something new after a position of a partition, up to another."""
        ...


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
        partitions = sorted({self._growth.partition_of(key) for key in self._watchers})
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
            return [k for k in self._watchers if self._growth.partition_of(k) == partition_id]
        return await self._growth.grown(self._database, partition_id, before, position)

    def _wake(self, keys: Collection[K]) -> None:
        for key in keys:
            for wakeup in self._watchers.get(key, ()):
                wakeup.set()
