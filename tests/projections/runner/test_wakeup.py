"""Runners wake when they are told, look by themselves when they are not, and outlive failures."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import asyncpg
import pytest

from app.event_store.announcer import Announcer
from app.event_store.append_batcher import AppendBatcher
from app.event_store.connections import Connection, OwnConnection
from app.event_store.recorded_event import Recorded
from app.leased_work.backoff import Backoff
from app.postgres.pool import Pool
from app.projections.checkpoints import list_checkpoints
from app.projections.runner import ProjectionRunner, ProjectionRunnerLimits
from app.projections.wakeup import LogListener
from tests.event_store.polling import DEADLINE_SECONDS, until
from tests.event_store.samples import LIBRARY_CODEC, LibraryEvent, returns
from tests.projections.runner.library import VisitsReader

AN_HOUR = ProjectionRunnerLimits(poll_interval_seconds=3_600)
OFTEN = ProjectionRunnerLimits(
    poll_interval_seconds=0.02, retry=Backoff(seconds_min=0.01, seconds_max=5.0)
)


@asynccontextmanager
async def following(
    runner: ProjectionRunner[LibraryEvent], wakeup: asyncio.Event | None = None
) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(runner.run(stop, wakeup))
    yield
    stop.set()
    await task


async def test_a_runner_that_would_sleep_for_an_hour_wakes_when_events_are_announced(
    database: str, pool: Pool, visits: VisitsReader
) -> None:
    async def connect() -> OwnConnection:
        return await asyncpg.connect(database)

    runner = ProjectionRunner(pool, LIBRARY_CODEC, [visits], limits=AN_HOUR)
    async with (
        LogListener(connect) as listener,
        following(runner, listener.wakeup),
        Announcer(connect) as announcer,
        AppendBatcher(connect, announce=announcer.announce) as batcher,
    ):
        for number in range(1, 4):
            await batcher.append(returns(f"s{number}"))
            await until(_positions_are(visits, pool, list(range(1, number + 1))))


async def test_a_listener_that_lost_its_connection_listens_again_and_looks_at_once(
    database: str, pool: Pool, batcher: AppendBatcher, visits: VisitsReader
) -> None:
    async def connect() -> OwnConnection:
        return await asyncpg.connect(database)

    runner = ProjectionRunner(pool, LIBRARY_CODEC, [visits], limits=AN_HOUR)
    async with LogListener(connect, retry_seconds=0.01) as listener:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await listener.wakeup.wait()
        async with following(runner, listener.wakeup):
            await batcher.append(returns("unannounced"))
            await pool.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE 'LISTEN%'"
            )
            await until(_positions_are(visits, pool, [1]))


async def test_without_announcements_the_log_is_looked_at_from_time_to_time(
    pool: Pool, batcher: AppendBatcher, visits: VisitsReader
) -> None:
    async with following(ProjectionRunner(pool, LIBRARY_CODEC, [visits], limits=OFTEN)):
        await batcher.append(returns("a"))
        await until(_positions_are(visits, pool, [1]))


KILL_OWN_CONNECTION = "SELECT pg_terminate_backend(pg_backend_pid())"


class InTroubleTwice:
    """A reader under which the database fails the first two times."""

    name = "visits"

    def __init__(self, reader: VisitsReader, trouble: str) -> None:
        self.times = 0
        self._reader = reader
        self._trouble = trouble

    async def apply(self, connection: Connection, batch: Sequence[Recorded[LibraryEvent]]) -> None:
        """Apply the batch, and run into trouble."""
        await self._reader.apply(connection, batch)
        if self.times < 2:
            self.times += 1
            await connection.execute(self._trouble)


@pytest.mark.parametrize(
    "trouble",
    [
        KILL_OWN_CONNECTION,
        "DO $$ BEGIN RAISE SQLSTATE '40001'; END $$",
        "DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$",
        "DO $$ BEGIN RAISE SQLSTATE '53100'; END $$",
        "DO $$ BEGIN RAISE SQLSTATE '55P03'; END $$",
        "DO $$ BEGIN RAISE SQLSTATE '57014'; END $$",
    ],
    ids=["killed", "not serializable", "deadlock", "disk full", "lock timeout", "cancelled"],
)
async def test_trouble_of_the_database_is_not_the_fault_of_the_event(
    pool: Pool, batcher: AppendBatcher, visits: VisitsReader, trouble: str
) -> None:
    await batcher.append(returns("a", readers=("ada", "bob")))
    reader = InTroubleTwice(visits, trouble)

    async with following(ProjectionRunner(pool, LIBRARY_CODEC, [reader], limits=OFTEN)):
        await until(_positions_are(visits, pool, [1, 2]))

    assert reader.times == 2
    assert {checkpoint.status for checkpoint in await list_checkpoints(pool)} == {"running"}


def _positions_are(
    reader: VisitsReader, pool: Pool, expected: list[int]
) -> Callable[[], Awaitable[bool]]:
    async def condition() -> bool:
        return await reader.positions(pool) == expected

    return condition
