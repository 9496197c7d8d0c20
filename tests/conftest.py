"""What any test may ask for."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.clock import ManualClock
from app.resources import Resources, open_resources
from app.settings import Settings
from tests.support.database import fresh_database, migrated_template, running_test_server

START = datetime(2021, 3, 15, 9, 0, tzinfo=UTC)
"""Where the tests' clock stands until it is moved."""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Return a folder of the test's own.

    Not pytest's: at its start every other pytest of this user bars pytest's folder to all others,
    and with it a server that runs as somebody else because root may not run one.
    """
    with TemporaryDirectory(prefix="aftersales-test-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def database_server() -> Iterator[str]:
    """URL of the server of this run; databases may be created on it."""
    with running_test_server() as url:
        yield url


@pytest.fixture(scope="session")
def database_template(database_server: str) -> str:
    """Name of a migrated database; connect to copies of it, never to it."""
    return asyncio.run(migrated_template(database_server))


@pytest.fixture
async def database(database_server: str, database_template: str) -> AsyncIterator[str]:
    """URL of a migrated database that only this test uses."""
    async with fresh_database(database_server, database_template) as url:
        yield url


@pytest.fixture
async def empty_database(database_server: str) -> AsyncIterator[str]:
    """URL of a database without any schema that only this test uses."""
    async with fresh_database(database_server, None) as url:
        yield url


@pytest.fixture
def clock() -> ManualClock:
    """Return the test's clock: it stands at `START` until the test moves it."""
    return ManualClock(START)


@pytest.fixture
def settings(database: str) -> Settings:
    """Return settings that point at this test's database, whatever the environment says."""
    return Settings(_env_file=None, database_url=database, log_format="console")


@pytest.fixture
async def resources(settings: Settings, clock: ManualClock) -> AsyncIterator[Resources]:
    """Open pool and engine on this test's database; `resources.clock` is the `clock` fixture."""
    async with open_resources(settings, clock) as opened:
        yield opened
