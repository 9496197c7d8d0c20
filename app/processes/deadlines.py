"""The worker of deadlines: claims what is due and issues the command that acts on it.

It decides nothing. The order's rules look at the instants they stored, so a tick that comes early,
late or twice changes nothing; a claim only saves two workers from doing the same work. What is due
by a shop's test clock is left to the worker that advances the clock.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from app.clock import Clock
from app.event_store.streams import PARTITION_COUNT
from app.leased_work.claim import LeasedTable
from app.leased_work.worker import LeasedWorker, WorkerLimits
from app.postgres.pool import Pool
from app.topology import Topology

Act: TypeAlias = Callable[[int, str], Awaitable[None]]
"""Lets an order (partition, stream) act on what has fallen due; harmless if nothing has."""

# No outcome is recorded: the projection deletes a deadline once the log says that it is over.
QUEUE = LeasedTable(
    "deadlines",
    key=("stream_id", "kind"),
    columns=(),
    partitions=PARTITION_COUNT,
    due="w.test_shop_id IS NULL AND w.due_at <= $2",
)


class DeadlineWorker(LeasedWorker[tuple[int, str]]):
    """Claims due deadlines, oldest first, and has each order act once for all of its own."""

    queue = "deadlines"

    def __init__(
        self,
        pool: Pool,
        act: Act,
        clock: Clock,
        *,
        topology: Topology = Topology.SINGLE,
        limits: WorkerLimits | None = None,
    ) -> None:
        super().__init__(clock, limits or WorkerLimits())
        self._pool = pool
        self._act = act
        self._topology = topology

    async def claim(
        self, now: datetime, until: datetime, rows_max: int
    ) -> Sequence[tuple[int, str]]:
        """Claim deadlines; return the orders (partition, stream) they are of, each once."""
        rows = await QUEUE.claim(self._pool, self._topology, now, until, rows_max)
        return list(dict.fromkeys((row["partition_id"], row["stream_id"]) for row in rows))

    async def handle(self, work: tuple[int, str]) -> None:
        """Let an order act."""
        await self._act(*work)

    def about(self, work: tuple[int, str]) -> Mapping[str, object]:
        """Return the order's stream."""
        return {"stream_id": work[1]}
