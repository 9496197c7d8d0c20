"""One service for all tests of this folder: with nothing, with everything, or hardly any room."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest_asyncio

from app.clock import ManualClock
from app.resources import open_resources
from app.settings import Settings
from tests.conftest import START
from tests.support.api import Api, api_settings, running_api
from tests.support.contract.all_stock import stock_of_everything
from tests.support.contract.document import documented
from tests.support.contract.endpoints import stock_of_endpoints
from tests.support.contract.granted_requests import Asking
from tests.support.contract.stock import Stock
from tests.support.database import fresh_database

PLENTY = 1_000_000

_NOBODYS = str(UUID(int=0))
NOTHING = Stock(
    drawn={
        "order_id": ["order-1"],
        "ticket_id": ["order-1-1"],
        "refund_id": ["order-1-1"],
        **{name: [_NOBODYS] for name in ("endpoint_id", "delivery_id", "notification_id")},
        **{name: [_NOBODYS] for name in ("device_id", "payout_id")},
        "month": ["2021-03"],
    },
    grantable={},
)
"""Names that fit every path, of what is not there."""


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def asking(database_server: str, database_template: str) -> AsyncIterator[Asking]:
    """Serve the application with nothing in it; paths name what is not there."""
    async with _serving(database_server, database_template, PLENTY) as running:
        yield Asking(api=running, stock=NOTHING, operations=await documented(running))


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def stocked(database_server: str, database_template: str) -> AsyncIterator[Asking]:
    """Serve the application with something of everything."""
    async with _serving(database_server, database_template, PLENTY) as running:
        stock = await stock_of_everything(running, "merchant")
        stock |= await stock_of_endpoints(running, of_platform=True)
        yield Asking(api=running, stock=stock, operations=await documented(running))


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def counted(database_server: str, database_template: str) -> AsyncIterator[Asking]:
    """Serve the application with nothing in it, and with room for one request a minute."""
    async with _serving(database_server, database_template, 1) as running:
        yield Asking(api=running, stock=NOTHING, operations=await documented(running))


@asynccontextmanager
async def _serving(server: str, template: str, requests_max: int) -> AsyncIterator[Api]:
    clock = ManualClock(START)
    async with fresh_database(server, template) as url:
        settings = Settings(_env_file=None, database_url=url, log_format="console")
        async with open_resources(settings, clock) as resources:
            limited = api_settings(settings, rate_limit_requests=requests_max)
            async with running_api(limited, clock, resources) as running:
                yield running
