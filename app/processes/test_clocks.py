"""The worker that advances test clocks: all that falls due happens, in order, before one is ready.

The clock stops at each instant at which anything of its shop is due, and the orders concerned act
there. What an order has due next is known from its own history, so the worker goes from instant to
instant without waiting for the deadlines to be written down; it looks at them again at the end of
each turn, and a clock is ready when they hold nothing more.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from app.clock import Clock
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
from app.waiting import wait_for_any

ActAndTell: TypeAlias = Callable[[int, str], Awaitable[datetime | None]]
"""Lets an order (partition, stream) act on what has fallen due, and tells what is due next."""

Settled: TypeAlias = Callable[[Pool, int, str], Awaitable[bool]]
"""Tells whether whoever acts in a shop's present (partition, shop) has done so."""

LOOK_AGAIN_SECONDS_MIN = 0.005
LOOK_AGAIN_SECONDS_MAX = 0.1

_log = structlog.get_logger(__name__)


class DeadlineStuck(Exception):
    """An order acted on a deadline and has it still: no step would ever get past it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockLimits:
    """How much a worker takes on.

    ``due_rows_max`` and ``acts_max`` bound a turn, after which anybody may take the next. ``lease``
    is how long a claim holds that is not renewed; every step of the clock renews it.
    ``behind_seconds_max``: how long a turn waits for readers that are behind, and for whoever acts
    in the present.
    """

    clocks_max: int = 8
    due_rows_max: int = 500
    acts_max: int = 1_000
    concurrency_max: int = 16
    lease: timedelta = timedelta(seconds=30)
    behind_seconds_max: float = 10.0
    poll_seconds: float = 1.0


async def _always_settled(_pool: Pool, _partition_id: int, _shop_id: str) -> bool:
    return True


class TestClockWorker:
    """Advances the clocks it can claim, each in turns; any number of workers may run."""

    __test__ = False  # the name is the trade's; it is no test to be collected

    def __init__(
        self,
        pool: Pool,
        act: ActAndTell,
        clock: Clock,
        *,
        settled: Settled = _always_settled,
        limits: ClockLimits | None = None,
    ) -> None:
        self._pool = pool
        self._act = act
        self._clock = clock
        self._settled = settled
        self._limits = limits or ClockLimits()
        self._permits = asyncio.Semaphore(self._limits.concurrency_max)

    async def run(self, stop: asyncio.Event, heard: asyncio.Event | None = None) -> None:
        """Work until told to stop: woken by ``heard``, and by looking now and then."""
        heard = heard or asyncio.Event()
        while not stop.is_set():
            heard.clear()
            if not await self._attempt(stop):
                await wait_for_any(self._limits.poll_seconds, stop, heard)

    async def run_once(self, stop: asyncio.Event | None = None) -> int:
        """Give every clock that advances a turn; return how many got anywhere.

        A clock whose turn fails is logged and comes up again when its claim has run out.
        """
        claimed = await claim_advances(
            self._pool,
            now=self._clock.now(),
            until=self._claimed_until(),
            clocks_max=self._limits.clocks_max,
        )
        turns = [self._turn_logged(advance, stop or asyncio.Event()) for advance in claimed]
        return sum(await asyncio.gather(*turns))

    async def _attempt(self, stop: asyncio.Event) -> int:
        try:
            return await self.run_once(stop)
        except Exception:  # noqa: BLE001 - the edge of the loop: the next round tries again
            _log.exception("test_clocks_round_failed")
            return 0

    async def _turn_logged(self, advance: Advance, stop: asyncio.Event) -> bool:
        try:
            got_anywhere = await self._turn(advance, stop)
            await release_advance(self._pool, advance)
        except Exception:  # noqa: BLE001 - one clock must not keep the others from advancing
            _log.exception("test_clock_turn_failed", shop_id=advance.shop_id)
            return False
        return got_anywhere

    async def _turn(self, advance: Advance, stop: asyncio.Event) -> bool:
        if not await self._settles(advance, stop):
            _log.warning("test_clock_leaves_a_present_unsettled", shop_id=advance.shop_id)
        if not await self._became(lambda: deadlines_are_current(self._pool, advance), stop):
            _log.warning("test_clock_waits_for_readers", shop_id=advance.shop_id)
            return False
        due = await fetch_due(self._pool, advance, self._limits.due_rows_max)
        all_known = len(due) < self._limits.due_rows_max
        horizon = advance.target if all_known else due[-1].at
        if not await self._act_until(horizon, advance, due, stop):
            return True
        if all_known and await finish_advance(self._pool, advance):
            _log.info("test_clock_ready", shop_id=advance.shop_id, now=advance.target.isoformat())
        return True

    async def _act_until(
        self, horizon: datetime, advance: Advance, due: Sequence[DueOrder], stop: asyncio.Event
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
                claimed_until=self._claimed_until(),
            )
            if not moved:
                return False
            for follow_up in await asyncio.gather(*(self._acted(advance, one) for one in now)):
                if follow_up is not None and follow_up.at <= horizon:
                    heapq.heappush(pending, follow_up)
            if stop.is_set() or acts >= self._limits.acts_max:
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

    async def _settles(self, advance: Advance, stop: asyncio.Event) -> bool:
        """Wait for whoever acts in the present, so that time does not pass them over.

        Not for ever: in real time, too, an hour comes whether or not somebody was quick.
        """
        place = advance.partition_id, advance.shop_id
        return await self._became(lambda: self._settled(self._pool, *place), stop)

    async def _became(self, condition: Callable[[], Awaitable[bool]], stop: asyncio.Event) -> bool:
        """Wait, within bounds, until something holds."""
        pause_seconds, waited_seconds = LOOK_AGAIN_SECONDS_MIN, 0.0
        while not await condition():
            if stop.is_set() or waited_seconds >= self._limits.behind_seconds_max:
                return False
            await wait_for_any(pause_seconds, stop)
            waited_seconds += pause_seconds
            pause_seconds = min(2 * pause_seconds, LOOK_AGAIN_SECONDS_MAX)
        return True

    def _claimed_until(self) -> datetime:
        return self._clock.now() + self._limits.lease


def _earliest_of_each(due: Sequence[DueOrder]) -> list[DueOrder]:
    """Return a heap with each order once: what else it has due is told when it has acted."""
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
