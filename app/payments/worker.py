"""The worker that carries refunds out: claims those that are due and brings each a step further.

A claim is committed before the provider is asked, and no transaction is open while it is. Whoever
dies in between loses the claim when its lease ends, and the next begins with asking how it ended.
"""

import asyncio
from asyncio import FIRST_COMPLETED
from dataclasses import dataclass
from datetime import timedelta

import structlog

from app.clock import Clock
from app.payments.executor import PaymentExecutor
from app.payments.queue import RefundWork, ask_again, claim_refunds
from app.payments.refund_adapter import Ended
from app.postgres.pool import Pool
from app.waiting import pause

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLimits:
    """How much a worker takes on. ``lease``: longer than a refund may be asked about and sent."""

    concurrency_max: int = 8
    lease: timedelta = timedelta(seconds=60)
    books_follow: timedelta = timedelta(seconds=30)
    """How long after its end a row may still be there before it is looked at again."""
    poll_seconds: float = 0.25


class RefundWorker:
    """Claims refunds, oldest first, and brings each a step further.

    It claims no more than it works on at once, so that none waits here while its lease runs, and
    one that is never answered keeps no other from being paid.
    """

    def __init__(
        self,
        pool: Pool,
        executor: PaymentExecutor,
        clock: Clock,
        *,
        limits: RefundLimits | None = None,
    ) -> None:
        self._pool = pool
        self._executor = executor
        self._clock = clock
        self._limits = limits or RefundLimits()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop, and end what is under way then."""
        limits = self._limits
        under_way: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as tasks:
            while not stop.is_set():
                free = limits.concurrency_max - len(under_way)
                claimed = await self._claimed_logged(free) if free else []
                under_way |= {tasks.create_task(self._step_logged(work)) for work in claimed}
                if under_way:
                    _, under_way = await asyncio.wait(
                        under_way, timeout=limits.poll_seconds, return_when=FIRST_COMPLETED
                    )
                else:
                    await pause(stop, limits.poll_seconds)

    async def run_once(self) -> int:
        """Claim what is due, bring each a step further, and return how many there were."""
        claimed = await self._claimed(self._limits.concurrency_max)
        async with asyncio.TaskGroup() as tasks:
            for work in claimed:
                tasks.create_task(self._step_logged(work))
        return len(claimed)

    async def _claimed(self, rows_max: int) -> list[RefundWork]:
        return await claim_refunds(self._pool, self._clock.now(), self._limits.lease, rows_max)

    async def _claimed_logged(self, rows_max: int) -> list[RefundWork]:
        try:
            return await self._claimed(rows_max)
        except Exception:  # noqa: BLE001 - the edge of the loop: the next round tries again
            _log.exception("refunds_round_failed")
            return []

    async def _step_logged(self, work: RefundWork) -> None:
        try:
            step = await self._executor.step(work)
            if isinstance(step, Ended):
                wait, why = self._limits.books_follow, "the books to follow"
            else:
                wait, why = timedelta(seconds=step.seconds), step.why
            await ask_again(self._pool, work, self._clock.now() + wait, why)
        except Exception:  # noqa: BLE001 - one refund must not keep the others from being paid
            _log.exception("refund_step_failed", refund_key=work.refund_key)
