"""A running service for the commands that talk to one, and a key for them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.access.keys import create_key
from app.clock import ManualClock
from app.event_store.recorded_event import Role
from app.resources import Resources
from app.settings import Settings
from tests.cli.running import environment
from tests.support.api import Api, api_settings, running_api


@pytest.fixture
async def api(settings: Settings, clock: ManualClock, resources: Resources) -> AsyncIterator[Api]:
    """Serve the application on this test's database; its clock is the `clock` fixture."""
    async with running_api(api_settings(settings), clock, resources) as running:
        yield running


@pytest.fixture
async def platform_key(resources: Resources) -> str:
    """Return a key that may import orders."""
    return await create_key(resources.pool, role=Role.PLATFORM, shop_id=None, name="import")


@pytest.fixture
def importer(api: Api, platform_key: str) -> dict[str, str]:
    """Return the environment of somebody who imports into the running service."""
    return environment(AFTERSALES_URL=api.url, AFTERSALES_API_KEY=platform_key)


@pytest.fixture
def operator(database: str, tmp_path: Path) -> dict[str, str]:
    """Return the environment of somebody who operates this test's database."""
    return environment(AFTERSALES_DATABASE_URL=database, AFTERSALES_DATA_DIR=str(tmp_path))
