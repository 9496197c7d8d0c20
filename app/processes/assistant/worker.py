"""The worker of the assistant: claims applications to be judged and has each judged.

The work is deleted once an application is judged. A worker that dies before that leaves a claim
that runs out; the application is judged again, which changes nothing if it was judged to its end.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import structlog

from app.clock import Clock
from app.event_store.connections import Queryable
from app.event_store.streams import PARTITION_COUNT, streams_of_shop
from app.leased_work.claim import LeasedTable
from app.leased_work.worker import LeasedWorker, WorkerLimits
from app.postgres.pool import Pool
from app.processes.assistant.reader import AssistantReader
from app.processes.assistant.rule_evaluation import Work
from app.shop_clocks.advancing import reader_is_current
from app.topology import Topology

Judge: TypeAlias = Callable[[Work], Awaitable[None]]
"""Judges an application to its end; raises if it could not."""

QUEUE = LeasedTable(
    "assistant_work",
    key=("stream_id", "ticket_id"),
    columns=("ticket_version",),
    partitions=PARTITION_COUNT,
    oldest="position",
    oldest_is_instant=False,
)

# The version keeps what was modified in the meantime: that is other work.
FINISH = """
DELETE FROM after_sales.assistant_work AS w
WHERE w.partition_id = $1 AND w.stream_id = $2 AND w.ticket_id = $3 AND w.ticket_version = $4
  AND w.claim = $5
RETURNING w.ticket_id
"""

FIND_WORK = """
SELECT w.ticket_version FROM after_sales.assistant_work AS w
WHERE w.partition_id = $1 AND w.stream_id >= $2 AND w.stream_id < $3
LIMIT 1
"""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantLimits(WorkerLimits):
    """How much a worker takes on."""

    concurrency_max: int = 8


class AssistantWorker(LeasedWorker[tuple[Work, UUID]]):
    """Claims applications to be judged, oldest first in each partition, and has them judged."""

    queue = "assistant_work"

    def __init__(
        self,
        pool: Pool,
        judge: Judge,
        clock: Clock,
        *,
        topology: Topology = Topology.SINGLE,
        limits: AssistantLimits | None = None,
    ) -> None:
        super().__init__(clock, limits or AssistantLimits())
        self._pool = pool
        self._judge = judge
        self._topology = topology

    async def claim(
        self, now: datetime, until: datetime, rows_max: int
    ) -> Sequence[tuple[Work, UUID]]:
        """Claim what waits; return it with the token of its claim."""
        rows = await QUEUE.claim(self._pool, self._topology, now, until, rows_max)
        return [
            (
                Work(
                    partition_id=row["partition_id"],
                    stream_id=row["stream_id"],
                    ticket_id=row["ticket_id"],
                    ticket_version=row["ticket_version"],
                ),
                row["claim"],
            )
            for row in rows
        ]

    async def handle(self, work: tuple[Work, UUID]) -> None:
        """Judge an application and take it off the queue."""
        one, claim = work
        await self._judge(one)
        key = one.partition_id, one.stream_id, one.ticket_id, one.ticket_version
        if not await self._pool.fetch(FINISH, *key, claim):
            _log.info("assistant_claim_lost", **self.about(work))

    def about(self, work: tuple[Work, UUID]) -> Mapping[str, object]:
        """Return which ticket it is about."""
        return {"stream_id": work[0].stream_id, "ticket_id": work[0].ticket_id}


async def nothing_to_judge(database: Queryable, partition_id: int, shop_id: str) -> bool:
    """Return whether no application of a shop waits to be judged, queued or not."""
    if not await reader_is_current(database, AssistantReader.name, partition_id, shop_id):
        return False
    return not await database.fetch(FIND_WORK, partition_id, *streams_of_shop(shop_id))
