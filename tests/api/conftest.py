"""What tests of the API stand on."""

from collections.abc import AsyncIterator

import pytest

from app.clock import ManualClock
from app.resources import Resources
from app.settings import Settings
from tests.support.api import Api, api_settings, running_api


@pytest.fixture
async def api(settings: Settings, clock: ManualClock, resources: Resources) -> AsyncIterator[Api]:
    """Serve the application on this test's database; its clock is the `clock` fixture."""
    async with running_api(api_settings(settings), clock, resources) as running:
        yield running
