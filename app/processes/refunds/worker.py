"""The worker that carries refunds out: claims those that are due and brings each a step further.

A claim is committed before the provider is asked, and no transaction is open while it is. Whoever
dies in between loses the claim when its lease ends, and the next begins with asking how it ended.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app.clock import Clock
from app.database import Pool
from app.processes.deadlines import pause
from app.processes.refunds.executing import Ended, RefundExecutor, pause_after, pause_seconds
from app.processes.refunds.work import RefundWork, ask_again, claim_refunds

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLimits:
    """How much a worker takes on. ``lease``: longer than a call to the provider may take."""

    claim_rows_max: int = 32
    concurrency_max: int = 8
    lease: timedelta = timedelta(seconds=60)
    books_follow: timedelta = timedelta(seconds=30)
    """How long after its end a row may still be there before it is looked at again."""
    poll_seconds: float = 0.25


class RefundWorker:
    """Claims refunds, oldest first, and brings each a step further."""

    def __init__(
        self,
        pool: Pool,
        executor: RefundExecutor,
        clock: Clock,
        *,
        limits: RefundLimits | None = None,
    ) -> None:
        self._pool = pool
        self._executor = executor
        self._clock = clock
        self._limits = limits or RefundLimits()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop, pausing whenever nothing is due."""
        while not stop.is_set():
            try:
                worked = await self.run_once(self._clock.now())
            except Exception:  # noqa: BLE001 - the edge of the loop: the next round tries again
                _log.exception("refunds_round_failed")
                worked = 0
            if worked == 0:
                await pause(stop, self._limits.poll_seconds)

    async def run_once(self, now: datetime) -> int:
        """Claim what is due, bring each a step further, and return how many there were."""
        limits = self._limits
        claimed = await claim_refunds(self._pool, now, limits.lease, limits.claim_rows_max)
        room = asyncio.Semaphore(limits.concurrency_max)
        async with asyncio.TaskGroup() as tasks:
            for work in claimed:
                tasks.create_task(self._step_logged(room, work, now))
        return len(claimed)

    async def _step_logged(self, room: asyncio.Semaphore, work: RefundWork, now: datetime) -> None:
        async with room:
            try:
                step = await self._executor.step(work)
                if isinstance(step, Ended):
                    at, why = now + self._limits.books_follow, "the books to follow"
                else:
                    at, why = now + pause_after(step), step.why
                await ask_again(self._pool, work, at, why)
            except Exception:  # noqa: BLE001 - one refund must not keep the others from being paid
                _log.exception(
                    "refund_step_failed",
                    refund_key=work.refund_key,
                    next_seconds=pause_seconds(work.asked),
                )
