"""How far every reader has come in every partition: looking, and setting going again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.event_store.connections import Connection, Queryable
from app.event_store.streams import PARTITION_COUNT

COUNT_CHECKPOINTS = """
SELECT c.reader, count(*) AS partitions FROM after_sales.checkpoints AS c
WHERE c.reader = ANY ($1)
GROUP BY c.reader
"""

INSERT_CHECKPOINT = """
INSERT INTO after_sales.checkpoints (partition_id, reader, position, status)
VALUES ($1, $2, 0, 'running')
ON CONFLICT (partition_id, reader) DO NOTHING
"""

LIST_CHECKPOINTS = """
SELECT c.partition_id, c.reader, c.position, h.position AS head, c.status, c.error,
       c.failed_position, c.updated_at
FROM after_sales.checkpoints AS c
JOIN after_sales.log_heads AS h ON h.partition_id = c.partition_id
ORDER BY c.reader, c.partition_id
"""

RESUME = """
UPDATE after_sales.checkpoints AS c
SET status = 'running', error = NULL, failed_position = NULL, updated_at = clock_timestamp()
WHERE c.partition_id = $1 AND c.reader = $2 AND c.status = 'stopped'
RETURNING c.partition_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A reader's place in a partition. A stopped one names the event it could not apply."""

    partition_id: int
    reader: str
    position: int
    head: int
    status: Literal["running", "stopped"]
    error: str | None
    failed_position: int | None
    updated_at: datetime

    @property
    def lag(self) -> int:
        """How many events of the partition the reader has not applied yet."""
        return max(self.head - self.position, 0)


async def ensure_checkpoints(connection: Connection, readers: Sequence[str]) -> None:
    """Let readers that are new begin at the first event of every partition. Safe to repeat."""
    rows = await connection.fetch(COUNT_CHECKPOINTS, list(readers))
    complete = {row["reader"] for row in rows if row["partitions"] == PARTITION_COUNT}
    missing = [
        (partition_id, reader)
        for reader in readers
        if reader not in complete
        for partition_id in range(PARTITION_COUNT)
    ]
    await connection.executemany(INSERT_CHECKPOINT, missing)


async def list_checkpoints(connection: Queryable) -> list[Checkpoint]:
    """Return every reader's place in every partition, by reader and partition."""
    rows = await connection.fetch(LIST_CHECKPOINTS)
    return [Checkpoint(**dict(row)) for row in rows]


async def resume(connection: Queryable, reader: str, partition_id: int) -> bool:
    """Let a stopped reader try again where it stopped; False if it is not stopped there."""
    return await connection.fetchrow(RESUME, partition_id, reader) is not None
