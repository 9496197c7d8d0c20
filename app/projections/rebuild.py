"""Rebuilds what a reader wrote, from the log, while requests go on reading the old rows."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic

from app.event_store.codec import Codec
from app.event_store.connections import Connection
from app.event_store.log import read_partition_stored
from app.event_store.recorded_event import E
from app.event_store.streams import PARTITION_COUNT
from app.postgres.pool import Pool
from app.projections.apply_batch import decode_feed, error_text, is_database_trouble
from app.projections.projection import RebuildableProjection
from app.projections.runner import COMMIT_WITHOUT_WAITING

LOCK_CHECKPOINT = """
SELECT c.position FROM after_sales.checkpoints AS c
WHERE c.partition_id = $1 AND c.reader = $2
FOR UPDATE
"""

READ_HEAD = "SELECT h.position FROM after_sales.log_heads AS h WHERE h.partition_id = $1"

RESTART_CHECKPOINT = """
UPDATE after_sales.checkpoints AS c
SET position = $3, status = 'running', error = NULL, failed_position = NULL,
    updated_at = clock_timestamp()
WHERE c.partition_id = $1 AND c.reader = $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildProgress:
    """How far the rebuild of one partition has come: events replayed, of how many."""

    partition_id: int
    position: int
    head: int


class RebuildFailed(Exception):
    """An event cannot be decoded or applied. The partition's old view stays as it was."""

    def __init__(self, reader: str, partition_id: int, after_position: int, reason: str) -> None:
        super().__init__(
            f"{reader}: partition {partition_id}, after position {after_position}: {reason}"
        )
        self.reader = reader
        self.partition_id = partition_id
        self.after_position = after_position


def _tell_nobody(_progress: RebuildProgress) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuild(Generic[E]):
    """The rebuild of one reader, partition by partition, each in one transaction.

    Other sessions see a partition's old view until the commit and the finished new one after it. A
    rebuild that is killed leaves the old view. Only ``batch_events_max`` events are held at a time.
    """

    pool: Pool
    codec: Codec[E]
    reader: RebuildableProjection[E]
    on_progress: Callable[[RebuildProgress], None] = _tell_nobody
    batch_events_max: int = 1_000

    async def run(self, partition_ids: Iterable[int] = range(PARTITION_COUNT)) -> int:
        """Rebuild the partitions and return how many events were replayed; RebuildFailed if not.

        Raises LookupError if the reader has no checkpoint. Partitions done before a failure stay
        rebuilt; a stopped reader goes on where its rebuild ends.
        """
        replayed = 0
        for partition_id in partition_ids:
            async with self.pool.acquire() as connection, connection.transaction():
                await connection.execute(COMMIT_WITHOUT_WAITING)
                replayed += await self._rebuild_partition(connection, partition_id)
        return replayed

    async def _rebuild_partition(self, connection: Connection, partition_id: int) -> int:
        # With the checkpoint locked no runner touches this reader's rows of the partition.
        if await connection.fetchrow(LOCK_CHECKPOINT, partition_id, self.reader.name) is None:
            raise LookupError(f"{self.reader.name} has no checkpoint in partition {partition_id}")
        # What is appended from now on is the runner's: under load the end would run away.
        head: int = await connection.fetchval(READ_HEAD, partition_id)
        await self.reader.clear(connection, partition_id)
        position = 0
        while position < head:
            position = await self._replay(connection, partition_id, position)
            self.on_progress(
                RebuildProgress(partition_id=partition_id, position=position, head=head)
            )
        await connection.execute(RESTART_CHECKPOINT, partition_id, self.reader.name, position)
        return position

    async def _replay(self, connection: Connection, partition_id: int, position: int) -> int:
        rows = await read_partition_stored(
            connection, partition_id, after_position=position, limit=self.batch_events_max
        )
        feed = decode_feed(self.codec, rows)
        if feed.poison is not None:
            reason = error_text(feed.poison.error)
            raise RebuildFailed(self.reader.name, partition_id, feed.poison.position - 1, reason)
        try:
            await self.reader.apply(connection, feed.events)
        except Exception as error:
            if is_database_trouble(error, connection):
                raise
            raise RebuildFailed(
                self.reader.name, partition_id, position, error_text(error)
            ) from error
        return feed.events[-1].position
