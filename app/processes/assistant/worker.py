"""The worker of the assistant: claims applications to be judged and has each judged.

The work is deleted once an application is judged. Whoever dies before that leaves a claim that runs
out; the application is judged again, which changes nothing if it was judged to its end.
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
from app.processes.assistant.rule_evaluation import Work
from app.topology import Topology
from app.waiting import pause

Judge: TypeAlias = Callable[[Work], Awaitable[None]]
"""Judges an application to its end; raises if it could not."""

# The claim commits before anybody judges. Whoever fails to loses it when the lease ends.
CLAIM_ACROSS_PARTITIONS = """
WITH waiting AS MATERIALIZED (
    SELECT w.partition_id, w.stream_id, w.ticket_id
    FROM unnest($1::smallint[]) AS p(partition_id)
    CROSS JOIN LATERAL (
        SELECT w.partition_id, w.stream_id, w.ticket_id
        FROM after_sales.assistant_work AS w
        WHERE w.partition_id = p.partition_id
          AND (w.claimed_until IS NULL OR w.claimed_until <= $2)
        ORDER BY w.position
        LIMIT $4
        FOR UPDATE SKIP LOCKED
    ) AS w
    LIMIT $4
)
UPDATE after_sales.assistant_work AS w
SET claimed_until = $3
FROM waiting AS c
WHERE w.partition_id = c.partition_id AND w.stream_id = c.stream_id
  AND w.ticket_id = c.ticket_id
RETURNING w.partition_id, w.stream_id, w.ticket_id, w.ticket_version
"""

# On Citus a claim keeps to one partition, so it is asked first, without locks, which have any.
FIND_WAITING = """
SELECT DISTINCT w.partition_id
FROM after_sales.assistant_work AS w
WHERE w.partition_id = ANY ($1::smallint[])
  AND (w.claimed_until IS NULL OR w.claimed_until <= $2)
"""

LOCK_IN_PARTITION = """
SELECT w.partition_id, w.stream_id, w.ticket_id, w.ticket_version
FROM after_sales.assistant_work AS w
WHERE w.partition_id = $1 AND (w.claimed_until IS NULL OR w.claimed_until <= $2)
ORDER BY w.position
LIMIT $3
FOR UPDATE SKIP LOCKED
"""

MARK_CLAIMED = """
UPDATE after_sales.assistant_work AS w
SET claimed_until = $4
WHERE w.partition_id = $1 AND w.stream_id = $2 AND w.ticket_id = $3
"""

# The version keeps what was modified in the meantime: that is other work.
FINISH = """
DELETE FROM after_sales.assistant_work AS w
WHERE w.partition_id = $1 AND w.stream_id = $2 AND w.ticket_id = $3 AND w.ticket_version = $4
"""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantLimits:
    """How much a worker takes on. ``claim_rows_max``: per claim; ``lease``: how long one holds."""

    claim_rows_max: int = 100
    concurrency_max: int = 8
    lease: timedelta = timedelta(seconds=60)
    poll_seconds: float = 1.0


class AssistantWorker:
    """Claims applications to be judged, oldest first in each partition, and has them judged."""

    def __init__(
        self,
        pool: Pool,
        judge: Judge,
        clock: Clock,
        *,
        topology: Topology = Topology.SINGLE,
        limits: AssistantLimits | None = None,
    ) -> None:
        self._pool = pool
        self._judge = judge
        self._clock = clock
        self._topology = topology
        self._limits = limits or AssistantLimits()
        self._first_partition = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop, pausing whenever nothing waits."""
        while not stop.is_set():
            judged = await self._attempt()
            if judged == 0:
                await pause(stop, self._limits.poll_seconds)

    async def run_once(self, now: datetime) -> int:
        """Claim what waits, up to the limit, and have it judged; return how much was claimed.

        ``now`` is for claims alone. What fails is logged and comes up again when its claim runs
        out.
        """
        claimed = await self._claim(now)
        room = asyncio.Semaphore(self._limits.concurrency_max)
        async with asyncio.TaskGroup() as tasks:
            for work in claimed:
                tasks.create_task(self._judge_logged(room, work))
        return len(claimed)

    async def _attempt(self) -> int:
        try:
            return await self.run_once(self._clock.now())
        except Exception:  # noqa: BLE001 - the edge of the loop: the next round tries again
            _log.exception("assistant_round_failed")
            return 0

    async def _claim(self, now: datetime) -> list[Work]:
        until, rows_max = now + self._limits.lease, self._limits.claim_rows_max
        # Begin elsewhere each time: where much waits, none of the others waits for it.
        self._first_partition = (self._first_partition + 17) % PARTITION_COUNT
        first = self._first_partition
        partitions = [(first + place) % PARTITION_COUNT for place in range(PARTITION_COUNT)]
        if self._topology is Topology.SINGLE:
            return _work(
                await self._pool.fetch(CLAIM_ACROSS_PARTITIONS, partitions, now, until, rows_max)
            )
        claimed: list[Work] = []
        for row in await self._pool.fetch(FIND_WAITING, partitions, now):
            claimed += await self._claim_in(row["partition_id"], now, until)
        return claimed

    async def _claim_in(self, partition_id: int, now: datetime, until: datetime) -> list[Work]:
        async with self._pool.acquire() as connection, connection.transaction():
            claimed = _work(
                await connection.fetch(
                    LOCK_IN_PARTITION, partition_id, now, self._limits.claim_rows_max
                )
            )
            await connection.executemany(
                MARK_CLAIMED,
                [(partition_id, work.stream_id, work.ticket_id, until) for work in claimed],
            )
        return claimed

    async def _judge_logged(self, room: asyncio.Semaphore, work: Work) -> None:
        async with room:
            try:
                await self._judge(work)
                await self._pool.execute(
                    FINISH,
                    *(work.partition_id, work.stream_id, work.ticket_id, work.ticket_version),
                )
            except Exception:  # noqa: BLE001 - one ticket must not keep the others waiting
                _log.exception(
                    "assistant_work_failed", stream_id=work.stream_id, ticket_id=work.ticket_id
                )


def _work(rows: Sequence[asyncpg.Record]) -> list[Work]:
    return [
        Work(
            partition_id=row["partition_id"],
            stream_id=row["stream_id"],
            ticket_id=row["ticket_id"],
            ticket_version=row["ticket_version"],
        )
        for row in rows
    ]
