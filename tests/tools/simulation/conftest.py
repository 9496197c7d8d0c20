"""A service to simulate shops on: the real API with a real worker beside it."""

import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from app.clock import ManualClock
from app.resources import Resources
from app.settings import Settings
from tests.support.api import Api, api_settings, running_api
from tests.support.clocks import working
from tests.tools.simulation.faulty_clients import credentials_for
from tools.simulation.service import Service


@pytest.fixture(scope="session", autouse=True)
def _only_what_is_wrong() -> Iterator[None]:
    """Leave out that every clock got ready, a line a day of each shop."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def api(settings: Settings, clock: ManualClock, resources: Resources) -> AsyncIterator[Api]:
    """Serve the application on this test's database, with a worker beside it."""
    async with running_api(api_settings(settings), clock, resources) as running, working(running):
        yield running


@pytest.fixture
async def service(api: Api) -> Service:
    """Return the running service as the players see it."""
    return Service(api.client, await credentials_for(api))
