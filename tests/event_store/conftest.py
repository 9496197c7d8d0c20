"""Connections and batchers on this test's own database."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeAlias

import asyncpg
import pytest

from app.event_store.append import Append, Outcome
from app.event_store.append_batcher import AppendBatcher
from app.event_store.append_statement import append_across_partitions, append_to_one_partition
from app.event_store.connections import Connect, OwnConnection
from app.event_store.log import EventLog
from app.topology import Topology
from tests.event_store.samples import LIBRARY_CODEC, LibraryEvent

AppendFunction: TypeAlias = Callable[
    [OwnConnection, Sequence[Append], float], Awaitable[list[Outcome]]
]


@pytest.fixture
def connect(database: str) -> Connect:
    """Return what opens connections to the database of this test."""

    async def open_connection() -> OwnConnection:
        return await asyncpg.connect(database)

    return open_connection


@pytest.fixture
async def connection(connect: Connect) -> AsyncIterator[OwnConnection]:
    """Open a connection of the test's own."""
    opened = await connect()
    yield opened
    await opened.close()


@pytest.fixture(params=list(Topology))
async def batcher(connect: Connect, request: pytest.FixtureRequest) -> AsyncIterator[AppendBatcher]:
    """Open a batcher, once with each of the two append functions."""
    async with AppendBatcher(connect, topology=request.param) as opened:
        yield opened


@pytest.fixture(params=[append_to_one_partition, append_across_partitions])
def append_batch(connection: OwnConnection, request: pytest.FixtureRequest) -> "AppendBatch":
    """Return what sends a batch for one partition, once with each of the two append functions."""
    return AppendBatch(connection, request.param)


@pytest.fixture
def log() -> EventLog[LibraryEvent]:
    """Return a log of library events."""
    return EventLog(LIBRARY_CODEC)


class AppendBatch:
    """One call of an append function."""

    def __init__(self, connection: OwnConnection, function: AppendFunction) -> None:
        self._connection = connection
        self._function = function

    async def __call__(self, *items: Append) -> list[Outcome]:
        """Send the items together and return their outcomes in order."""
        return await self._function(self._connection, items, 10.0)
