"""The append batcher: appends that arrive while a batch is being written go together in the next.

One statement and one commit then serve all of them, and nothing is delayed while it is idle.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import asyncpg
import structlog

from app.event_store.append import (
    Append,
    AppendFailed,
    AppendOutcomeUnknown,
    AppendRefused,
    EventStoreUnavailable,
    Outcome,
    Written,
)
from app.event_store.append_queue import AppendLimits, AppendQueue, WaitingAppend
from app.event_store.append_statement import append_across_partitions, append_to_one_partition
from app.event_store.connections import LOST_CONNECTION, Connect, OwnConnection
from app.postgres.pool import DatabaseUnavailable
from app.topology import Topology

_log = structlog.get_logger(__name__)

_ROLLED_BACK_BY_CHANCE = (
    asyncpg.TransactionRollbackError,  # serialization failure, deadlock
    asyncpg.LockNotAvailableError,
)
_ATTEMPTS_MAX = 3

WRITERS = 1
"""One: as measured, a second writer gains less by parallel writes than it loses in batch size."""

WRITERS_ON_CITUS = 8
"""More, because a batch covers one partition there."""


class AppendObserver(Protocol):
    """Is called for every batch written, for metrics. Must be quick and must not raise."""

    def batch_written(self, items: int, events: int, seconds: float) -> None:
        """Record the size of a batch and its duration, commit included."""
        ...


def _nobody_to_tell() -> None:
    pass


class AppendBatcher:
    """Writes appends in batches over dedicated connections, one batch in flight on each.

    ``announce`` is called after a commit that wrote events. Use ``async with``, or ``start`` and
    ``close``.
    """

    def __init__(
        self,
        connect: Connect,
        *,
        topology: Topology = Topology.SINGLE,
        writers: int | None = None,
        limits: AppendLimits | None = None,
        announce: Callable[[], None] = _nobody_to_tell,
        observer: AppendObserver | None = None,
    ) -> None:
        self._limits = limits or AppendLimits()
        one_partition = topology is Topology.CITUS
        writers = writers or (WRITERS_ON_CITUS if one_partition else WRITERS)
        self._queue = AppendQueue(self._limits, writers=writers, one_partition=one_partition)
        self._writers = [
            _Writer(
                connect=connect,
                queue=self._queue,
                limits=self._limits,
                topology=topology,
                announce=announce,
                observer=observer,
            )
            for _ in range(writers)
        ]
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "AppendBatcher":
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def waiting(self) -> int:
        """The number of waiting appends."""
        return len(self._queue)

    def start(self) -> None:
        """Begin writing. Connections are opened when first needed."""
        self._tasks = [asyncio.create_task(writer.run()) for writer in self._writers]

    async def append(self, item: Append) -> Outcome:
        """Write one item and return its outcome; AppendFailed if there is none.

        Cancelling removes the item if it is not being written yet, and affects no other.
        """
        waiting = WaitingAppend(item, asyncio.get_running_loop().create_future())
        self._queue.put(waiting)
        return await waiting.outcome

    async def close(self) -> None:
        """Accept no more, write the waiting appends, and close the connections."""
        self._queue.close()
        await asyncio.gather(*self._tasks)


class _Writer:
    """One connection and the batch in flight on it."""

    def __init__(
        self,
        *,
        connect: Connect,
        queue: AppendQueue,
        limits: AppendLimits,
        topology: Topology,
        announce: Callable[[], None],
        observer: AppendObserver | None,
    ) -> None:
        self._connect = connect
        self._queue = queue
        self._limits = limits
        self._send = (
            append_to_one_partition if topology is Topology.CITUS else append_across_partitions
        )
        self._announce = announce
        self._observer = observer
        self._connection: OwnConnection | None = None
        self._failures = 0

    async def run(self) -> None:
        """Write batch after batch until the queue is closed and empty."""
        while len(self._queue) or not self._queue.closed:
            await self._queue.arrived.wait()
            batch = self._queue.take_batch()
            if batch:
                await self._write(batch)
                self._queue.give_back(batch)
                # The callers just served may append again at once: let those items join the next
                # batch.
                await asyncio.sleep(0)
        if self._connection is not None and not self._connection.is_closed():
            await self._close(self._connection)

    async def _write(self, batch: list[WaitingAppend]) -> None:
        try:
            await self._write_together(batch)
        except AppendFailed as failure:
            for waiting in batch:
                waiting.fail(type(failure)(*failure.args))
        except Exception:  # noqa: BLE001 - the outermost edge: a writer must outlive any batch
            _log.exception("append_batch_failed", items=len(batch))
            for waiting in batch:
                waiting.fail(AppendOutcomeUnknown("the append failed unexpectedly"))

    async def _write_together(self, batch: list[WaitingAppend]) -> None:
        connection = await self._connected(batch)
        started = time.perf_counter()
        try:
            outcomes = await self._sent(connection, [waiting.item for waiting in batch])
        except AppendRefused:
            if len(batch) == 1:
                raise
            _log.warning("append_batch_split", items=len(batch))
            for waiting in batch:
                await self._write([waiting])
            return
        events = 0
        for waiting, outcome in zip(batch, outcomes, strict=True):
            waiting.succeed(outcome)
            events += len(waiting.item.events) if isinstance(outcome, Written) else 0
        if events:
            self._announce()
        if self._observer is not None:
            self._observer.batch_written(len(batch), events, time.perf_counter() - started)

    async def _sent(self, connection: OwnConnection, items: Sequence[Append]) -> list[Outcome]:
        for attempt in range(1, _ATTEMPTS_MAX + 1):
            try:
                return await self._send(connection, items, self._limits.statement_timeout_seconds)
            except _ROLLED_BACK_BY_CHANCE as error:
                _log.info("append_batch_rolled_back", attempt=attempt, reason=error)
            except (asyncpg.InsufficientResourcesError, asyncpg.QueryCanceledError) as error:
                raise EventStoreUnavailable(str(error)) from error
            except asyncpg.ReadOnlySQLTransactionError as error:
                # The server has become a standby: only a new connection finds the new primary.
                await self._close(connection)
                raise EventStoreUnavailable(str(error)) from error
            except LOST_CONNECTION as error:
                connection.terminate()
                raise AppendOutcomeUnknown(f"connection lost: {error!r}") from error
            except asyncpg.PostgresError as error:
                raise AppendRefused(f"{error.sqlstate}: {error}") from error
        raise EventStoreUnavailable(f"rolled back {_ATTEMPTS_MAX} times")

    async def _connected(self, batch: list[WaitingAppend]) -> OwnConnection:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        try:
            async with asyncio.timeout(self._limits.connect_timeout_seconds):
                self._connection = await self._connect()
        except (*LOST_CONNECTION, DatabaseUnavailable, asyncpg.PostgresError) as error:
            failure = f"no connection: {error!r}"
            _log.warning("append_batcher_not_connected", reason=failure)
            for waiting in (*batch, *self._queue.take_all()):
                waiting.fail(EventStoreUnavailable(failure))
            self._failures += 1
            await asyncio.sleep(self._limits.reconnect.after(self._failures))
            raise EventStoreUnavailable(failure) from error
        self._failures = 0
        return self._connection

    async def _close(self, connection: OwnConnection) -> None:
        try:
            await connection.close(timeout=self._limits.connect_timeout_seconds)
        except (*LOST_CONNECTION, asyncpg.PostgresError):
            connection.terminate()
