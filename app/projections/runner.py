"""Keeping readers up with the log. Run as many as you like, in as many processes as you like."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol

import structlog

from app.event_store.codec import Codec
from app.event_store.connections import Connection
from app.event_store.recorded_event import E
from app.event_store.streams import PARTITION_COUNT
from app.leased_work.backoff import Backoff
from app.postgres.pool import Pool
from app.projections.apply_batch import apply_claims, is_database_trouble, read_feeds
from app.projections.claims import Progress, claim, find_behind, move
from app.projections.projection import Projection
from app.topology import Topology
from app.waiting import wait_for_any

_log = structlog.get_logger(__name__)

# Effects and checkpoint are lost or kept together, so a lost commit is only done again.
COMMIT_WITHOUT_WAITING = "SET LOCAL synchronous_commit = off"

# A process that stands still, or whose machine is gone without a word, must not keep its claims:
# without this the server would wait for it, and every reader for the partition, for hours.
CLAIM_WHILE_ALIVE = "SET LOCAL idle_in_transaction_session_timeout = {milliseconds}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionRunnerLimits:
    """How much goes in one transaction, and how long to wait."""

    batch_partitions_max: int = 16
    batch_events_max: int = 1_024
    poll_interval_seconds: float = 0.5
    retry: Backoff = field(default_factory=lambda: Backoff(seconds_min=0.1, seconds_max=5.0))
    idle_seconds_max: float = 15.0
    """How long a transaction may do nothing before the server ends it, and others go on."""


class RunnerObserver(Protocol):
    """Observes what readers do, for metrics. Must be quick and must not raise."""

    def events_applied(self, reader: str, events: int) -> None:
        """Say that a reader applied events, now committed."""
        ...

    def reader_stopped(self, reader: str, partition_id: int) -> None:
        """Say that a reader stopped at a poison event."""
        ...


class ProjectionRunner(Generic[E]):
    """Applies the log to readers: claims those that are behind, several partitions at a time.

    Every reader's effects and its checkpoint are committed together, so a crash loses nothing and
    repeats nothing. Readers need their checkpoints (``ensure_checkpoints``) before they are run.
    """

    def __init__(
        self,
        pool: Pool,
        codec: Codec[E],
        readers: Sequence[Projection[E]],
        *,
        topology: Topology = Topology.SINGLE,
        limits: ProjectionRunnerLimits | None = None,
        observer: RunnerObserver | None = None,
        durable: bool = False,
    ) -> None:
        """Prepare to run. ``durable``: for readers whose effects others act upon outside."""
        self._pool = pool
        self._codec = codec
        self._readers = readers
        self._names = [reader.name for reader in readers]
        self._limits = limits or ProjectionRunnerLimits()
        alive = CLAIM_WHILE_ALIVE.format(milliseconds=round(self._limits.idle_seconds_max * 1_000))
        self._begin = alive if durable else f"{COMMIT_WITHOUT_WAITING}; {alive}"
        self._partitions_max = (
            1 if topology is Topology.CITUS else self._limits.batch_partitions_max
        )
        self._observer = observer
        self._first_partition = 0

    async def run(self, stop: asyncio.Event, wakeup: asyncio.Event | None = None) -> None:
        """Follow the log until ``stop`` is set: woken by ``wakeup``, and by polling.

        No failure ends it: it waits, longer each time, and tries again.
        """
        failures = 0
        wakeup = wakeup or asyncio.Event()
        while not stop.is_set():
            wakeup.clear()
            try:
                applied = await self.run_once()
            except Exception as error:  # noqa: BLE001 - the outermost edge of a loop
                failures += 1
                backoff_seconds = self._limits.retry.after(failures)
                _log.warning(
                    "readers_back_off",
                    seconds=backoff_seconds,
                    exc_info=not is_database_trouble(error, None),
                    reason=error,
                )
                await wait_for_any(backoff_seconds, stop)
                continue
            failures = 0
            if not applied:
                await wait_for_any(self._limits.poll_interval_seconds, stop, wakeup)

    async def run_until_caught_up(self) -> int:
        """Apply all there is and return how many events were applied, counted once per reader."""
        total = 0
        while applied := await self.run_once():
            total += applied
        return total

    async def run_once(self) -> int:
        """Give every partition that is behind one turn; 0 if there was nothing to be had.

        Returns how many events were applied, counted once per reader; a stop counts as one. Raises
        what asyncpg raises if the database fails; then nothing of the step under way is kept.
        """
        async with self._pool.acquire() as connection:
            behind = await find_behind(connection, self._names)
        applied = 0
        for partition_ids in self._turns(behind):
            applied += await self._step(partition_ids)
        return applied

    def _turns(self, behind: Sequence[int]) -> Iterator[list[int]]:
        # Begin elsewhere each time, so that workers do not all want the same partitions.
        self._first_partition = (self._first_partition + 17) % PARTITION_COUNT
        order = sorted(behind, key=lambda p: (p - self._first_partition) % PARTITION_COUNT)
        for start in range(0, len(order), self._partitions_max):
            yield order[start : start + self._partitions_max]

    async def _step(self, partition_ids: list[int]) -> int:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(self._begin)
            progress = await self._apply(connection, partition_ids)
            await move(connection, progress)
        return sum(self._reported(one) for one in progress)

    async def _apply(self, connection: Connection, partition_ids: list[int]) -> list[Progress]:
        claims = await claim(connection, partition_ids, self._names)
        places = sorted({(one.partition_id, one.position) for one in claims})
        if not places:
            return []
        limit_each = max(1, self._limits.batch_events_max // len(places))
        feeds = await read_feeds(connection, self._codec, places, limit_each=limit_each)
        progress: list[Progress] = []
        for reader in self._readers:
            own = [one for one in claims if one.reader == reader.name]
            if own:
                progress += await apply_claims(connection, reader, own, feeds)
        return progress

    def _reported(self, progress: Progress) -> int:
        applied = progress.position - progress.claim.position
        stopped = progress.error is not None
        if self._observer is not None:
            self._observer.events_applied(progress.claim.reader, applied)
            if stopped:
                self._observer.reader_stopped(progress.claim.reader, progress.claim.partition_id)
        return applied + stopped
