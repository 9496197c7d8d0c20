"""Taking readers' checkpoints, and moving them. A row lock is the claim: no leader, no leases."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.event_store.connections import Connection, Queryable

FIND_BEHIND = """
SELECT DISTINCT c.partition_id
FROM after_sales.checkpoints AS c
JOIN after_sales.log_heads AS h ON h.partition_id = c.partition_id
WHERE c.reader = ANY ($1) AND c.status = 'running' AND c.position < h.position
"""

CLAIM_IN_ONE_PARTITION = """
SELECT c.partition_id, c.reader, c.position
FROM after_sales.checkpoints AS c
JOIN after_sales.log_heads AS h ON h.partition_id = c.partition_id
WHERE c.partition_id = $1 AND h.partition_id = $1
  AND c.reader = ANY ($2) AND c.status = 'running' AND c.position < h.position
FOR UPDATE OF c SKIP LOCKED
"""

CLAIM_ACROSS_PARTITIONS = """
SELECT c.partition_id, c.reader, c.position
FROM after_sales.checkpoints AS c
JOIN after_sales.log_heads AS h ON h.partition_id = c.partition_id
WHERE c.partition_id = ANY ($1::smallint[])
  AND c.reader = ANY ($2) AND c.status = 'running' AND c.position < h.position
FOR UPDATE OF c SKIP LOCKED
"""

ADVANCE = """
UPDATE after_sales.checkpoints AS c
SET position = $2, updated_at = clock_timestamp()
WHERE c.partition_id = $1 AND c.reader = ANY ($3)
"""

STOP = """
UPDATE after_sales.checkpoints AS c
SET position = $3, status = 'stopped', error = $4, failed_position = $5,
    updated_at = clock_timestamp()
WHERE c.partition_id = $1 AND c.reader = $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A reader's checkpoint in a partition, locked until the transaction ends."""

    partition_id: int
    reader: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a claimed reader has come to, and the event it stopped at if it did."""

    claim: Claim
    position: int
    error: str | None = None
    failed_position: int | None = None


async def find_behind(connection: Queryable, readers: Sequence[str]) -> list[int]:
    """Return the partitions in which any of the readers has events to apply, locking nothing."""
    rows = await connection.fetch(FIND_BEHIND, list(readers))
    return [row["partition_id"] for row in rows]


async def claim(
    connection: Connection, partition_ids: Sequence[int], readers: Sequence[str]
) -> list[Claim]:
    """Lock the checkpoints that are behind in these partitions and not locked by another worker."""
    if len(partition_ids) == 1:
        rows = await connection.fetch(CLAIM_IN_ONE_PARTITION, partition_ids[0], list(readers))
    else:
        rows = await connection.fetch(CLAIM_ACROSS_PARTITIONS, partition_ids, list(readers))
    return [
        Claim(partition_id=row["partition_id"], reader=row["reader"], position=row["position"])
        for row in rows
    ]


async def move(connection: Connection, progress: Iterable[Progress]) -> None:
    """Write where claimed readers have come to: one statement for those that stand together."""
    together: dict[tuple[int, int], list[str]] = defaultdict(list)
    for moved in progress:
        claimed = moved.claim
        if moved.error is not None:
            await connection.execute(
                STOP,
                *(claimed.partition_id, claimed.reader, moved.position),
                *(moved.error, moved.failed_position),
            )
        elif moved.position > claimed.position:
            together[claimed.partition_id, moved.position].append(claimed.reader)
    await connection.executemany(
        ADVANCE, [(*place, readers) for place, readers in together.items()]
    )
