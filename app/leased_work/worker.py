"""The one loop of workers: claim and commit, do the work, record and commit.

No transaction is open while the work is done. A worker claims no more than it can start at once, so
that nothing waits here while its lease runs, and work that takes long keeps no other from being
done. Run as many workers as you like, in as many processes as you like.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Generic, TypeVar

import structlog

from app.clock import Clock
from app.leased_work.backoff import Backoff
from app.waiting import pause, wait_for_any

W = TypeVar("W")

CLAIM_RETRIES = Backoff(seconds_min=0.25, seconds_max=5.0)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """How much a worker takes on. ``lease``: longer than the work on one row takes."""

    concurrency_max: int = 16
    lease: timedelta = timedelta(seconds=60)
    poll_seconds: float = 1.0


class LeasedWorker(ABC, Generic[W]):
    """Works off a queue: a subclass says how it is claimed, and what is done with what it holds."""

    queue: ClassVar[str]
    """What logs call it."""

    def __init__(self, clock: Clock, limits: WorkerLimits) -> None:
        self._clock = clock
        self._worker_limits = limits
        self._under_way = 0
        self._ended = asyncio.Event()

    @abstractmethod
    async def claim(self, now: datetime, until: datetime, rows_max: int) -> Sequence[W]:
        """Claim work that is due, at most so much, until the lease ends."""

    @abstractmethod
    async def handle(self, work: W) -> None:
        """Do a piece of work and record its outcome, unless it is another worker's by now.

        What it raises is logged, and the work comes up again when its lease is over.
        """

    def about(self, work: W) -> Mapping[str, object]:
        """Return what a log line says of a piece of work."""
        return {"work": repr(work)}

    async def run(self, stop: asyncio.Event, wakeup: asyncio.Event | None = None) -> None:
        """Work until ``stop`` is set, then let what is under way end. No failure ends it.

        Looks for work when ``wakeup`` is set, when something has ended, and now and then.
        """
        wakeup, failures = wakeup or asyncio.Event(), 0
        async with asyncio.TaskGroup() as tasks:
            while not stop.is_set():
                wakeup.clear()
                self._ended.clear()
                try:
                    claimed = await self._claim(self._clock.now())
                except Exception:  # noqa: BLE001 - the edge of the loop: the next round tries again
                    failures += 1
                    _log.exception("claim_failed", queue=self.queue, failures=failures)
                    await pause(stop, CLAIM_RETRIES.after(failures))
                    continue
                failures = 0
                for work in claimed:
                    tasks.create_task(self._handle(work))
                if not claimed:
                    poll_seconds = self._worker_limits.poll_seconds
                    await wait_for_any(poll_seconds, stop, wakeup, self._ended)

    async def run_once(self, now: datetime | None = None) -> int:
        """Claim what is due, see it through, and return how much it was."""
        claimed = await self._claim(now or self._clock.now())
        async with asyncio.TaskGroup() as tasks:
            for work in claimed:
                tasks.create_task(self._handle(work))
        return len(claimed)

    async def _claim(self, now: datetime) -> Sequence[W]:
        free = self._worker_limits.concurrency_max - self._under_way
        if free <= 0:
            return ()
        claimed = await self.claim(now, now + self._worker_limits.lease, free)
        self._under_way += len(claimed)
        return claimed

    async def _handle(self, work: W) -> None:
        try:
            await self.handle(work)
        except Exception:  # noqa: BLE001 - one piece of work must not keep the others from being done
            _log.exception("work_failed", queue=self.queue, **self.about(work))
        finally:
            self._under_way -= 1
            self._ended.set()
