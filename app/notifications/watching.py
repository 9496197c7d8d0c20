"""Waking those who follow an inbox live, when there may be something new in it.

One look at the database serves all of a process, however many follow: which partitions have grown,
and in them whose inboxes. Nobody is given messages, only woken to read them; so whoever is slow
holds up nobody and needs no memory, and whoever reads by position misses nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from app.database import CONNECTION_FAILURES
from app.event_store.connections import LOST_CONNECTION, Queryable
from app.notifications.inbox import NotificationsReader
from app.notifications.recipient import Recipient, RecipientKey

FIND_REACHED = """
SELECT c.partition_id, c.position FROM after_sales.checkpoints AS c
WHERE c.partition_id = ANY ($1::smallint[]) AND c.reader = $2
"""

FIND_GROWN = """
SELECT DISTINCT n.partition_id, n.shop_id, n.recipient_role, n.recipient_id
FROM after_sales.notifications AS n
WHERE n.partition_id = $1 AND n.position > $2 AND n.position <= $3
"""

LOOK_EVERY_SECONDS = 0.2
RETRY_SECONDS = 1.0
POSITIONS_LOOKED_AT_MAX = 1_000
"""Beyond so many new events in a partition everybody there is woken, without a closer look."""

DATABASE_AWAY: tuple[type[Exception], ...] = (*CONNECTION_FAILURES, *LOST_CONNECTION)

_log = structlog.get_logger(__name__)


class InboxWatch:
    """Looks while anybody follows an inbox, a few times a second; holds no connection between."""

    def __init__(
        self, database: Queryable, *, look_every_seconds: float = LOOK_EVERY_SECONDS
    ) -> None:
        self._database = database
        self._look_every_seconds = look_every_seconds
        self._watchers: defaultdict[RecipientKey, set[asyncio.Event]] = defaultdict(set)
        self._reached: dict[int, int] = {}
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "InboxWatch":
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @contextmanager
    def woken(self, recipient: Recipient) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever the inbox may have grown; read once before waiting."""
        key, heard = recipient.key, asyncio.Event()
        self._watchers[key].add(heard)
        self._wanted.set()
        try:
            yield heard
        finally:
            self._watchers[key].discard(heard)
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
                _log.info("inbox_watch_not_connected", reason=repr(error))
                await asyncio.sleep(RETRY_SECONDS)
            await asyncio.sleep(self._look_every_seconds)

    async def _look(self) -> None:
        partitions = sorted({key[0] for key in self._watchers})
        rows = await self._database.fetch(FIND_REACHED, partitions, NotificationsReader().name)
        for row in rows:
            partition_id, position = row["partition_id"], row["position"]
            before = self._reached.get(partition_id)
            if before != position:
                self._wake(await self._grown(partition_id, before, position))
                self._reached[partition_id] = position

    async def _grown(
        self, partition_id: int, before: int | None, position: int
    ) -> Sequence[RecipientKey]:
        """Return who may have new messages; all who are watched there if that is not known."""
        if before is None or not before < position <= before + POSITIONS_LOOKED_AT_MAX:
            return [key for key in self._watchers if key[0] == partition_id]
        rows = await self._database.fetch(FIND_GROWN, partition_id, before, position)
        return [(row[0], row[1], row[2], row[3]) for row in rows]

    def _wake(self, keys: Sequence[RecipientKey]) -> None:
        for key in keys:
            for heard in self._watchers.get(key, ()):
                heard.set()
