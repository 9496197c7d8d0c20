"""What tests of deliveries stand on."""

from collections.abc import AsyncIterator

import pytest

from app.clock import ManualClock
from app.resources import Resources
from app.settings import Settings
from tests.support.api import Api, api_settings, running_api
from tests.webhooks.deliveries.subscriptions import Subscribing, subscribing_service


@pytest.fixture
async def api(settings: Settings, clock: ManualClock, resources: Resources) -> AsyncIterator[Api]:
    """Serve the application, which lets endpoints be on this machine."""
    trying = api_settings(settings, webhooks_allow_private=True)
    async with running_api(trying, clock, resources) as running:
        yield running


@pytest.fixture
async def subscribing(api: Api) -> AsyncIterator[Subscribing]:
    """Give a service that sends webhooks."""
    async with subscribing_service(api) as service:
        yield service
