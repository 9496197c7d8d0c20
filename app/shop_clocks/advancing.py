"""Advancing a test clock to its target: claimed by one worker at a time, moved in steps.

What is due is read from the deadlines of the shop; each statement uses the shop's partition only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.event_store.connections import Connection, Queryable
from app.event_store.streams import PARTITION_COUNT, streams_of_shop
from app.leased_work.claim import LeasedTable
from app.postgres.pool import Pool
from app.shop_clocks.clocks import LOCK_HEAD
from app.topology import Topology

DEADLINES_READER = "deadlines"

QUEUE = LeasedTable(
    "test_clocks",
    key=("shop_id",),
    columns=(),
    partitions=PARTITION_COUNT,
    due="w.target IS NOT NULL",
    oldest="target",
)

# Events of a shop after a reader's checkpoint: few, and soon none.
FIND_UNSEEN = """
SELECT e.version FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id >= $3 AND e.stream_id < $4
  AND e.position > coalesce((
      SELECT p.position FROM after_sales.checkpoints AS p
      WHERE p.partition_id = $1 AND p.reader = $2), 0)
ORDER BY e.position DESC
LIMIT 1
"""

FETCH_DUE = """
SELECT d.due_at, d.stream_id FROM after_sales.deadlines AS d
WHERE d.partition_id = $1 AND d.test_shop_id = $2 AND d.due_at <= $3
ORDER BY d.due_at
LIMIT $4
"""

# What a worker that died had counted is not counted again: the clock is already there.
MOVE = """
UPDATE after_sales.test_clocks AS c
SET now = greatest(c.now, $4), fell_due = c.fell_due + CASE WHEN c.now < $4 THEN $5 ELSE 0 END,
    version = c.version + 1, claimed_until = $6
WHERE c.partition_id = $1 AND c.shop_id = $2 AND c.claim = $3 AND c.target >= $4
RETURNING c.version
"""

FINISH = """
UPDATE after_sales.test_clocks AS c
SET now = c.target, target = NULL, version = c.version + 1, claim = NULL, claimed_until = NULL
WHERE c.partition_id = $1 AND c.shop_id = $2 AND c.claim = $3 AND c.target IS NOT NULL
RETURNING c.version
"""

RELEASE = """
UPDATE after_sales.test_clocks AS c
SET claim = NULL, claimed_until = NULL
WHERE c.partition_id = $1 AND c.shop_id = $2 AND c.claim = $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """A clock that advances to a target, and the token of its claim."""

    partition_id: int
    shop_id: str
    claim: UUID
    target: datetime

    @property
    def key(self) -> tuple[int, str, UUID]:
        """The key of the row, with the token of the claim."""
        return self.partition_id, self.shop_id, self.claim


class DueOrder(NamedTuple):
    """An order's stream, and the instant at which something of it is due. Sorts by the instant."""

    at: datetime
    stream_id: str


async def claim_advances(
    pool: Pool, topology: Topology, *, now: datetime, until: datetime, clocks_max: int
) -> list[Advance]:
    """Claim clocks that advance and have no valid lease."""
    return [Advance(**row) for row in await QUEUE.claim(pool, topology, now, until, clocks_max)]


async def reader_is_current(
    database: Queryable, reader: str, partition_id: int, shop_id: str
) -> bool:
    """Return whether a reader has applied all events of a shop."""
    return not await database.fetch(FIND_UNSEEN, partition_id, reader, *streams_of_shop(shop_id))


async def deadlines_are_current(database: Queryable, advance: Advance) -> bool:
    """Return whether the deadlines include all events of the shop."""
    return await reader_is_current(
        database, DEADLINES_READER, advance.partition_id, advance.shop_id
    )


async def fetch_due(database: Queryable, advance: Advance, rows_max: int) -> Sequence[DueOrder]:
    """Return what is due up to the target, earliest first; an order may occur several times."""
    rows = await database.fetch(
        FETCH_DUE, advance.partition_id, advance.shop_id, advance.target, rows_max
    )
    return [DueOrder(row["due_at"], row["stream_id"]) for row in rows]


async def move_clock(
    database: Queryable, advance: Advance, to: datetime, *, orders: int, claimed_until: datetime
) -> bool:
    """Move the clock, never back, to an instant at which so many orders are due; False if the
    claim is lost.
    """
    moved = await database.fetchrow(MOVE, *advance.key, to, orders, claimed_until)
    return moved is not None


async def finish_advance(pool: Pool, advance: Advance) -> bool:
    """Set the clock to its target if nothing is due any more; False if something is.

    The lock keeps out appends to the partition: events appended before are seen here, and commands
    decided later see the new time.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.fetch(LOCK_HEAD, advance.partition_id)
        return await _nothing_is_due(connection, advance) and bool(
            await connection.fetch(FINISH, *advance.key)
        )


async def release_advance(pool: Pool, advance: Advance) -> None:
    """Release the claim, so that any worker may claim the clock at once."""
    await pool.execute(RELEASE, *advance.key)


async def _nothing_is_due(connection: Connection, advance: Advance) -> bool:
    current = await deadlines_are_current(connection, advance)
    return current and not await fetch_due(connection, advance, 1)
