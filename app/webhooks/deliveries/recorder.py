"""Takes outcomes from attempts as they end, and records all that came meanwhile together."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from app.event_store.connections import LOST_CONNECTION
from app.postgres.pool import CONNECTION_FAILURES, Pool
from app.topology import Topology
from app.webhooks.deliveries.recording import EndedAttempt, record_attempts

TOGETHER_MAX = 500
RETRY_SECONDS = 0.5
RETRIES_MAX = 60
"""For half a minute a lost database is waited for; then the deliveries will be sent again."""

_DATABASE_AWAY: tuple[type[Exception], ...] = (*CONNECTION_FAILURES, *LOST_CONNECTION)
_log = structlog.get_logger(__name__)

Failing = dict[UUID, datetime]
"""Endpoints that fail, and since when."""


class AttemptRecorder:
    """Records outcomes: those that arrive while some are being written are written next, together.

    On Citus a transaction keeps to one partition.
    """

    def __init__(self, pool: Pool, topology: Topology) -> None:
        self._pool = pool
        self._apart: Callable[[EndedAttempt], int] = (
            (lambda one: one.key.partition_id) if topology is Topology.CITUS else (lambda _: 0)
        )
        self._waiting: list[tuple[EndedAttempt, asyncio.Future[Failing]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, ended: EndedAttempt) -> Failing:
        """Record an outcome, and return once it is; raises if the database cannot be had."""
        recorded: asyncio.Future[Failing] = asyncio.get_running_loop().create_future()
        self._waiting.append((ended, recorded))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await recorded

    async def _write_all(self) -> None:
        while self._waiting:
            first = self._apart(self._waiting[0][0])
            fitting = [one for one in self._waiting if self._apart(one[0]) == first]
            together = fitting[:TOGETHER_MAX]
            taken = {id(one) for one in together}
            self._waiting = [one for one in self._waiting if id(one) not in taken]
            await self._write(together)
        self._writing = None

    async def _write(
        self, together: Sequence[tuple[EndedAttempt, asyncio.Future[Failing]]]
    ) -> None:
        try:
            failing = await self._written([ended for ended, _ in together])
        except Exception as error:  # noqa: BLE001 - told to each that waits
            for _, recorded in together:
                if not recorded.done():
                    recorded.set_exception(error)
            return
        for _, recorded in together:
            if not recorded.done():
                recorded.set_result(failing)

    async def _written(self, ended: Sequence[EndedAttempt]) -> Failing:
        for _ in range(RETRIES_MAX):
            try:
                return await record_attempts(self._pool, ended)
            except _DATABASE_AWAY as error:
                _log.warning("webhook_outcomes_wait_for_database", reason=error)
                await asyncio.sleep(RETRY_SECONDS)
        return await record_attempts(self._pool, ended)
