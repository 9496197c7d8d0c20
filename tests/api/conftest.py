"""What tests of the API stand on."""

import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from app.clock import ManualClock
from app.resources import Resources
from app.settings import Settings
from tests.support.api import Api, api_settings, running_api


@pytest.fixture(scope="session", autouse=True)
def _short_logs() -> Iterator[None]:
    """Write plain tracebacks: painted ones with all values take seconds each."""
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(
        processors=[structlog.processors.add_log_level, plain],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    yield
    structlog.reset_defaults()


@pytest.fixture
async def api(settings: Settings, clock: ManualClock, resources: Resources) -> AsyncIterator[Api]:
    """Serve the application on this test's database; its clock is the `clock` fixture."""
    async with running_api(api_settings(settings), clock, resources) as running:
        yield running
