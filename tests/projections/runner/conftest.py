"""A pool, readers with their tables and checkpoints, and a batcher to write with."""

from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

import asyncpg
import pytest

from app.event_store.append_batcher import AppendBatcher
from app.postgres.pool import Pool
from app.projections.checkpoints import ensure_checkpoints
from app.projections.projection import Projection
from app.projections.runner import ProjectionRunner, ProjectionRunnerLimits
from app.topology import Topology
from tests.event_store.samples import LIBRARY_CODEC, LibraryEvent
from tests.projections.runner.library import VisitsReader

MakeRunner: TypeAlias = Callable[..., ProjectionRunner[LibraryEvent]]


async def _leave_as_it_is(_connection: object) -> None:
    pass


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """Open a pool like the service's."""
    async with asyncpg.create_pool(
        database, min_size=0, max_size=10, reset=_leave_as_it_is
    ) as opened:
        yield opened


@pytest.fixture
async def batcher(database: str) -> AsyncIterator[AppendBatcher]:
    """Open a batcher to the database of this test."""

    async with AppendBatcher(lambda: asyncpg.connect(database)) as opened:
        yield opened


@pytest.fixture
async def visits(pool: Pool) -> VisitsReader:
    """Return a reader that has its table and its checkpoints."""
    return await installed(pool, VisitsReader())


@pytest.fixture
async def loans(pool: Pool) -> VisitsReader:
    """Return another reader, with a table and checkpoints of its own."""
    return await installed(pool, VisitsReader(name="loans"))


async def installed(pool: Pool, reader: VisitsReader) -> VisitsReader:
    """Give a reader its table and its checkpoints."""
    async with pool.acquire() as connection:
        await reader.create_table(connection)
        await ensure_checkpoints(connection, [reader.name])
    return reader


@pytest.fixture(params=list(Topology))
def make_runner(pool: Pool, request: pytest.FixtureRequest) -> MakeRunner:
    """Return what makes runners: with several partitions a transaction, and with one."""

    def make(
        *readers: Projection[LibraryEvent], limits: ProjectionRunnerLimits | None = None
    ) -> ProjectionRunner[LibraryEvent]:
        return ProjectionRunner(pool, LIBRARY_CODEC, readers, topology=request.param, limits=limits)

    return make
