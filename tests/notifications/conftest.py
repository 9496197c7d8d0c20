"""What tests of pushes stand on."""

from collections.abc import AsyncIterator

import pytest

from app.clock import ManualClock
from app.resources import Resources
from app.settings import Settings
from tests.support.api import Api, api_settings, running_api
from tests.support.pushes import Pushing, Sandbox, pushing_service, running_sandbox


@pytest.fixture
async def api(settings: Settings, clock: ManualClock, resources: Resources) -> AsyncIterator[Api]:
    """Serve the application on this test's database; its clock is the `clock` fixture."""
    async with running_api(api_settings(settings), clock, resources) as running:
        yield running


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Serve a sandbox provider on a free port."""
    async with running_sandbox() as running:
        yield running


@pytest.fixture
async def pushing(api: Api, sandbox: Sandbox) -> AsyncIterator[Pushing]:
    """Give a service that pushes to the sandbox."""
    async with pushing_service(api, sandbox) as service:
        yield service
