"""The worker that carries refunds and payouts out: brings each that is due a step further.

A worker that dies meanwhile loses its claim when the lease ends, and the next begins by asking
the provider how it ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app.clock import Clock
from app.leased_work.worker import LeasedWorker, WorkerLimits
from app.payments.executor import Ended, PaymentExecutor
from app.payments.queue import RefundWork, ask_again, claim_refunds
from app.postgres.pool import Pool
from app.topology import Topology

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLimits(WorkerLimits):
    """How much a worker takes on. ``lease``: longer than a refund may be asked about and sent."""

    concurrency_max: int = 8
    poll_seconds: float = 0.25
    books_follow: timedelta = timedelta(seconds=30)
    """How long after its end a row may still be there before it is looked at again."""


class RefundWorker(LeasedWorker[RefundWork]):
    """Claims refunds and payouts, oldest first, and brings each a step further."""

    queue = "refund_work"

    def __init__(
        self,
        pool: Pool,
        executor: PaymentExecutor,
        clock: Clock,
        *,
        topology: Topology = Topology.SINGLE,
        limits: RefundLimits | None = None,
    ) -> None:
        self._pool = pool
        self._executor = executor
        self._topology = topology
        self._limits = limits or RefundLimits()
        super().__init__(clock, self._limits)

    async def claim(self, now: datetime, until: datetime, rows_max: int) -> Sequence[RefundWork]:
        """Claim what is due."""
        return await claim_refunds(self._pool, self._topology, now, until, rows_max)

    async def handle(self, work: RefundWork) -> None:
        """Bring one a step further, and give it back until the next step is due."""
        step = await self._executor.step(work)
        if isinstance(step, Ended):
            wait, why = self._limits.books_follow, "the books to follow"
        else:
            wait, why = timedelta(seconds=step.seconds), step.why
        if not await ask_again(self._pool, work, self._clock.now() + wait, why):
            _log.warning("refund_claim_lost", refund_key=work.refund_key)

    def about(self, work: RefundWork) -> Mapping[str, object]:
        """Return the refund's key."""
        return {"refund_key": work.refund_key}
