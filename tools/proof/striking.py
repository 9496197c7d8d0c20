"""Carries out faults, one after the other, at instants the seed draws."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, assert_never

from app.postgres.embedded import EmbeddedPostgresError
from tools.proof.plan import Fault, Strike
from tools.proof.service import LEASE_SECONDS, Service

FROZEN_SECONDS = 1.5 * LEASE_SECONDS
ABANDONED_SECONDS = 15.0
"""How long Postgres believes in connections that are gone: longer than a claim may be idle."""


@dataclass(slots=True, kw_only=True)
class Striker:
    """Strikes the service; ``done`` counts by kind, ``cut`` the connections."""

    service: Service
    done: Counter[Fault] = field(default_factory=Counter)
    cut: Counter[Fault] = field(default_factory=Counter)
    _healing: set[asyncio.Task[None]] = field(default_factory=set)
    _postgres: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def strike(self, strike: Strike) -> None:
        """Strike now; what was killed is started again."""
        service, fault = self.service, strike.fault
        worker = service.workers[strike.target % len(service.workers)]
        match fault:
            case Fault.KILL_API:
                self._heal(service.api.kill_and_start(strike.down_seconds))
            case Fault.KILL_WORKER:
                self._heal(worker.kill_and_start(strike.down_seconds))
            case Fault.KILL_PROVIDER:
                self._heal(service.provider.kill_and_start(strike.down_seconds))
            case Fault.FREEZE_WORKER:
                self._heal(worker.freeze(FROZEN_SECONDS))
            case Fault.KILL_POSTGRES:
                self._heal(self._postgres_ends(strike.down_seconds, killed=True))
            case Fault.RESTART_POSTGRES:
                self._heal(self._postgres_ends(strike.down_seconds, killed=False))
            case Fault.CUT_DATABASE:
                self.cut[fault] += service.to_database.cut()
            case Fault.ABANDON_DATABASE:
                self.cut[fault] += service.to_database.abandon(ABANDONED_SECONDS)
            case Fault.CUT_PROVIDER:
                self.cut[fault] += service.to_provider.cut()
            case Fault.CUT_CLIENTS:
                self.cut[fault] += service.to_api.cut()
            case _:
                assert_never(fault)
        self.done[fault] += 1

    async def healed(self) -> None:
        """Wait until everything that was struck has been started again."""
        while self._healing:
            await asyncio.gather(*self._healing)

    def _heal(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._healing.add(task)
        task.add_done_callback(self._healing.discard)

    async def _postgres_ends(self, down_seconds: float, *, killed: bool) -> None:
        server = self.service.postgres
        async with self._postgres:
            try:
                await asyncio.to_thread(server.kill if killed else server.stop)
                await asyncio.sleep(down_seconds)
                await asyncio.to_thread(server.start)
            except EmbeddedPostgresError as error:
                self.service.surprises.append(f"Postgres: {error}")
