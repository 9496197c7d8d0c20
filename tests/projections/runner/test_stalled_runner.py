"""A runner that stands still in the middle of its work does not keep others from it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg
import pytest

from app.event_store.append_batcher import AppendBatcher
from app.event_store.connections import Connection
from app.event_store.recorded_event import Recorded
from app.postgres.pool import Pool
from app.projections.runner import ProjectionRunner, ProjectionRunnerLimits
from tests.event_store.polling import DEADLINE_SECONDS
from tests.event_store.samples import LIBRARY_CODEC, LibraryEvent, returns
from tests.projections.runner.library import VisitsReader

SOON = ProjectionRunnerLimits(idle_seconds_max=0.2)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingStill(VisitsReader):
    """Applies, and then stands still with its claim until it may go on."""

    still: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[LibraryEvent]]) -> None:
        """Add a row per event, then wait."""
        await VisitsReader.apply(self, connection, batch)
        self.still.set()
        await self.go_on.wait()


@pytest.mark.parametrize("durable", [False, True])
async def test_its_claim_ends_and_the_next_one_applies_the_event_once(
    pool: Pool, batcher: AppendBatcher, visits: VisitsReader, durable: bool
) -> None:
    await batcher.append(returns("a"))
    reader = StandingStill()
    standing = ProjectionRunner(pool, LIBRARY_CODEC, [reader], limits=SOON, durable=durable)
    running = asyncio.create_task(standing.run_once())
    await reader.still.wait()
    next_one = ProjectionRunner(pool, LIBRARY_CODEC, [visits], durable=durable)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await next_one.run_once():  # noqa: ASYNC110 - the server's to decide when
            await asyncio.sleep(0.02)
    reader.go_on.set()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await running
    assert await visits.positions(pool) == [1]
