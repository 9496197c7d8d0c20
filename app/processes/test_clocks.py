"""The worker that advances test clocks: all that falls due happens, in order, before one is ready.

The clock stops at each instant at which anything of its shop is due, and the orders concerned act
there. What an order has due next is known from its own history, so the worker goes from instant to
instant without waiting for the deadlines to be written down; it looks at them again at the end of
each turn, and a clock is ready when they hold nothing more.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from app.clock import Clock
from app.leased_work.backoff import Backoff
from app.leased_work.worker import LeasedWorker, WorkerLimits
from app.postgres.pool import Pool
from app.shop_clocks.advancing import (
    Advance,
    DueOrder,
    claim_advances,
    deadlines_are_current,
    fetch_due,
    finish_advance,
    move_clock,
    release_advance,
)
from app.topology import Topology
from app.waiting import pause

ActAndTell: TypeAlias = Callable[[int, str], Awaitable[datetime | None]]
"""Lets an order (partition, stream) act on what has fallen due; returns what is due next."""

Settled: TypeAlias = Callable[[Pool, int, str], Awaitable[bool]]
"""Tells whether all that is to be done in a shop's present (partition, shop) is done."""

LOOK_AGAIN = Backoff(seconds_min=0.005, seconds_max=0.1)

_log = structlog.get_logger(__name__)


class DeadlineStuck(Exception):
    """An order acted on a deadline and has it still: no step would ever get past it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockLimits(WorkerLimits):
    """How much a worker takes on. ``concurrency_max``: clocks that advance at once.

    ``due_rows_max`` and ``acts_max`` bound a turn, after which any worker may take the next.
    ``acts_at_once_max``: how many orders act at the same time, over all clocks. Every step of a
    clock renews its ``lease``. ``behind_seconds_max``: how long a turn waits for readers that are
    behind, and for the processes that act in the present.
    """

    concurrency_max: int = 8
    lease: timedelta = timedelta(seconds=30)
    due_rows_max: int = 500
    acts_max: int = 1_000
    acts_at_once_max: int = 16
    behind_seconds_max: float = 10.0


async def _always_settled(_pool: Pool, _partition_id: int, _shop_id: str) -> bool:
    return True


class TestClockWorker(LeasedWorker[Advance]):
    """Advances the clocks it can claim, each in turns; any number of workers may run."""

    __test__ = False  # pytest must not collect it by its name

    queue = "test_clocks"

    def __init__(
        self,
        pool: Pool,
        act: ActAndTell,
        clock: Clock,
        *,
        settled: Settled = _always_settled,
        topology: Topology = Topology.SINGLE,
        limits: ClockLimits | None = None,
    ) -> None:
        self._limits = limits or ClockLimits()
        super().__init__(clock, self._limits)
        self._pool = pool
        self._act = act
        self._settled = settled
        self._topology = topology
        self._permits = asyncio.Semaphore(self._limits.acts_at_once_max)
        self._stop = asyncio.Event()

    async def run(self, stop: asyncio.Event, wakeup: asyncio.Event | None = None) -> None:
        """Work until ``stop`` is set; a turn under way ends at its next step."""
        self._stop = stop
        await super().run(stop, wakeup)

    async def claim(self, now: datetime, until: datetime, rows_max: int) -> Sequence[Advance]:
        """Claim clocks that advance."""
        return await claim_advances(
            self._pool, self._topology, now=now, until=until, clocks_max=rows_max
        )

    async def handle(self, work: Advance) -> None:
        """Give a clock a turn, then let any worker take the next."""
        await self._turn(work)
        await release_advance(self._pool, work)

    def about(self, work: Advance) -> Mapping[str, object]:
        """Return the shop."""
        return {"shop_id": work.shop_id}

    async def _turn(self, advance: Advance) -> None:
        if not await self._settles(advance):
            _log.warning("test_clock_leaves_a_present_unsettled", shop_id=advance.shop_id)
        if not await self._became(lambda: deadlines_are_current(self._pool, advance)):
            _log.warning("test_clock_waits_for_readers", shop_id=advance.shop_id)
            return
        due = await fetch_due(self._pool, advance, self._limits.due_rows_max)
        all_known = len(due) < self._limits.due_rows_max
        horizon = advance.target if all_known else due[-1].at
        if not await self._act_until(horizon, advance, due):
            return
        if all_known and await finish_advance(self._pool, advance):
            _log.info("test_clock_ready", shop_id=advance.shop_id, now=advance.target.isoformat())

    async def _act_until(
        self, horizon: datetime, advance: Advance, due: Sequence[DueOrder]
    ) -> bool:
        """Go from instant to instant; False if ended before all was done up to the horizon."""
        pending = _earliest_of_each(due)
        acts = 0
        while pending:
            now = _taken_together(pending)
            acts += len(now)
            moved = await move_clock(
                self._pool,
                advance,
                now[0].at,
                orders=len(now),
                claimed_until=self._clock.now() + self._limits.lease,
            )
            if not moved:
                return False
            for follow_up in await asyncio.gather(*(self._acted(advance, one) for one in now)):
                if follow_up is not None and follow_up.at <= horizon:
                    heapq.heappush(pending, follow_up)
            if self._stop.is_set() or acts >= self._limits.acts_max:
                return False
        return True

    async def _acted(self, advance: Advance, due: DueOrder) -> DueOrder | None:
        """Let an order act and return what it has due next."""
        async with self._permits:
            next_at = await self._act(advance.partition_id, due.stream_id)
        if next_at is None:
            return None
        if next_at <= due.at:
            raise DeadlineStuck(f"{due.stream_id} still has what was due at {due.at}")
        return DueOrder(next_at, due.stream_id)

    async def _settles(self, advance: Advance) -> bool:
        """Wait, for a bounded time, until what is to be done in the shop's present is done."""
        place = advance.partition_id, advance.shop_id
        return await self._became(lambda: self._settled(self._pool, *place))

    async def _became(self, condition: Callable[[], Awaitable[bool]]) -> bool:
        """Wait, within bounds, until something holds."""
        looks, waited_seconds = 0, 0.0
        while not await condition():
            if self._stop.is_set() or waited_seconds >= self._limits.behind_seconds_max:
                return False
            looks += 1
            await pause(self._stop, LOOK_AGAIN.after(looks))
            waited_seconds += LOOK_AGAIN.after(looks)
        return True


def _earliest_of_each(due: Sequence[DueOrder]) -> list[DueOrder]:
    """Return a heap with each order once; acting returns what else it has due."""
    earliest: dict[str, DueOrder] = {}
    for one in due:
        earliest.setdefault(one.stream_id, one)
    return list(earliest.values())  # sorted, and so a heap


def _taken_together(pending: list[DueOrder]) -> list[DueOrder]:
    """Take from a heap all that is due at its first instant."""
    taken = [heapq.heappop(pending)]
    while pending and pending[0].at == taken[0].at:
        taken.append(heapq.heappop(pending))
    return taken
