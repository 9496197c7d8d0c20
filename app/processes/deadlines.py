"""The worker that makes deadlines come true: claims what is due and has the order act on it.

It decides nothing. The order's rules look at the instants they stored, so a tick that comes early,
late or twice changes nothing; a claim only saves two workers from doing the same work. What is due
by a shop's test clock is left to the worker that advances the clock.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import asyncpg
import structlog

from app.clock import Clock
from app.event_store.partitions import PARTITION_COUNT
from app.postgres.pool import Pool
from app.topology import Topology
from app.waiting import pause

Act: TypeAlias = Callable[[int, str], Awaitable[None]]
"""Lets an order (partition, stream) act on what has fallen due; harmless if nothing has."""

# The claim commits before anybody acts on it. Whoever fails to act loses it when the lease ends.
CLAIM_ACROSS_PARTITIONS = """
WITH due AS MATERIALIZED (
    SELECT d.partition_id, d.stream_id, d.kind
    FROM unnest($1::smallint[]) AS p(partition_id)
    CROSS JOIN LATERAL (
        SELECT d.partition_id, d.stream_id, d.kind, d.due_at
        FROM after_sales.deadlines AS d
        WHERE d.partition_id = p.partition_id AND d.test_shop_id IS NULL AND d.due_at <= $2
          AND (d.claimed_until IS NULL OR d.claimed_until <= $2)
        ORDER BY d.due_at
        LIMIT $4
        FOR UPDATE SKIP LOCKED
    ) AS d
    ORDER BY d.due_at
    LIMIT $4
)
UPDATE after_sales.deadlines AS d
SET claimed_until = $3
FROM due
WHERE d.partition_id = due.partition_id AND d.stream_id = due.stream_id AND d.kind = due.kind
RETURNING d.partition_id, d.stream_id, d.due_at
"""

# On Citus a claim keeps to one partition, so it is asked first, without locks, which have any due.
FIND_DUE = """
SELECT DISTINCT d.partition_id
FROM after_sales.deadlines AS d
WHERE d.partition_id = ANY ($1::smallint[]) AND d.test_shop_id IS NULL AND d.due_at <= $2
  AND (d.claimed_until IS NULL OR d.claimed_until <= $2)
"""

LOCK_IN_PARTITION = """
SELECT d.partition_id, d.stream_id, d.kind, d.due_at
FROM after_sales.deadlines AS d
WHERE d.partition_id = $1 AND d.test_shop_id IS NULL AND d.due_at <= $2
  AND (d.claimed_until IS NULL OR d.claimed_until <= $2)
ORDER BY d.due_at
LIMIT $3
FOR UPDATE SKIP LOCKED
"""

MARK_CLAIMED = """
UPDATE after_sales.deadlines AS d
SET claimed_until = $4
WHERE d.partition_id = $1 AND d.stream_id = $2 AND d.kind = $3
"""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineLimits:
    """How much a worker takes on. ``claim_rows_max``: per claim; ``lease``: how long one holds."""

    claim_rows_max: int = 200
    concurrency_max: int = 16
    lease: timedelta = timedelta(seconds=60)
    poll_seconds: float = 1.0


class DeadlineWorker:
    """Claims due deadlines, oldest first, and has each order act once for all of its own."""

    def __init__(
        self,
        pool: Pool,
        act: Act,
        clock: Clock,
        *,
        topology: Topology = Topology.SINGLE,
        limits: DeadlineLimits | None = None,
    ) -> None:
        self._pool = pool
        self._act = act
        self._clock = clock
        self._topology = topology
        self._limits = limits or DeadlineLimits()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop, pausing whenever nothing is due."""
        while not stop.is_set():
            acted = await self._attempt()
            if acted == 0:
                await pause(stop, self._limits.poll_seconds)

    async def run_once(self, now: datetime) -> int:
        """Claim what is due at ``now``, up to the limit, and act on it; return how many orders did.

        An order whose act fails is logged and comes up again when its claim has run out.
        """
        claimed = await self._claim(now)
        streams = dict.fromkeys(
            (row["partition_id"], row["stream_id"])
            for row in sorted(claimed, key=lambda row: row["due_at"])
        )
        room = asyncio.Semaphore(self._limits.concurrency_max)
        async with asyncio.TaskGroup() as tasks:
            for partition_id, stream_id in streams:
                tasks.create_task(self._act_logged(room, partition_id, stream_id))
        return len(streams)

    async def _attempt(self) -> int:
        try:
            return await self.run_once(self._clock.now())
        except Exception:  # noqa: BLE001 - the edge of the loop: the next round tries again
            _log.exception("deadlines_round_failed")
            return 0

    async def _claim(self, now: datetime) -> Sequence[asyncpg.Record]:
        until, rows_max = now + self._limits.lease, self._limits.claim_rows_max
        partitions = list(range(PARTITION_COUNT))
        if self._topology is Topology.SINGLE:
            return await self._pool.fetch(CLAIM_ACROSS_PARTITIONS, partitions, now, until, rows_max)
        claimed: list[asyncpg.Record] = []
        for row in await self._pool.fetch(FIND_DUE, partitions, now):
            claimed += await self._claim_in(row["partition_id"], now, until)
        return claimed

    async def _claim_in(
        self, partition_id: int, now: datetime, until: datetime
    ) -> Sequence[asyncpg.Record]:
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                LOCK_IN_PARTITION, partition_id, now, self._limits.claim_rows_max
            )
            await connection.executemany(
                MARK_CLAIMED, [(partition_id, row["stream_id"], row["kind"], until) for row in rows]
            )
        return rows

    async def _act_logged(self, room: asyncio.Semaphore, partition_id: int, stream_id: str) -> None:
        async with room:
            try:
                await self._act(partition_id, stream_id)
            except Exception:  # noqa: BLE001 - one order must not keep the others from acting
                _log.exception("deadline_act_failed", stream_id=stream_id)
