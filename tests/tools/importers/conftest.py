"""The service on a socket, on a clock that the test moves; and whether there is data to play on."""

import asyncio
import logging
import os
import warnings
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import structlog

from app.access.keys import create_key
from app.cli.listening import listen, make_server, serve_until, url_of
from app.clock import ManualClock
from app.event_store.recorded_event import Role
from app.main import build_app
from app.resources import Resources, open_resources
from app.settings import Settings
from app.worker import run_worker
from tests.tools.importers.olist_callers import Callers

pytest.register_assert_rewrite(
    "tests.tools.importers.olist_story", "tests.tools.importers.olist_comparisons"
)

REPOSITORY = Path(__file__).parents[3]
FOLDER = Path(
    os.environ.get("OLIST_FOLDER", REPOSITORY.parent / "shared" / "data" / "olist-1000")
).resolve()

if not (FOLDER / "orders.csv").is_file():
    warnings.warn(
        f"THE TEST ON REAL ORDERS IS NOT RUN: there is no Olist data set in {FOLDER}; "
        "name its folder in OLIST_FOLDER",
        stacklevel=1,
    )
    collect_ignore = ["test_olist_orders.py"]

OPENING = datetime(2021, 5, 29, tzinfo=UTC)
"""After every timestamp of the file when shifted by 1000 days; the cut-off lies among them."""


@pytest.fixture
def folder() -> Path:
    """Return where the data set lies."""
    return FOLDER


@pytest.fixture
def clock() -> ManualClock:
    """Return the clock of the service and its worker."""
    return ManualClock(OPENING)


@pytest.fixture
def settings(database: str) -> Settings:
    """Return settings for the play: nobody waits because of a rate limit."""
    return Settings(
        _env_file=None,
        database_url=database,
        log_format="console",
        consumer_token_secret="the-secret-of-the-play-on-real-orders",
        rate_limit_requests=10_000_000,
    )


@pytest.fixture
def quiet() -> Iterator[None]:
    """Keep a line for each of ten thousand requests out of the test's output."""
    level = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=level, cache_logger_on_first_use=False)
    yield
    structlog.reset_defaults()


@pytest.fixture
async def service(
    settings: Settings, clock: ManualClock, resources: Resources, quiet: None
) -> AsyncIterator[str]:
    """Run API and worker, and give the URL they are reached at."""
    stop = asyncio.Event()
    with listen("127.0.0.1", 0) as listener:
        server = make_server(build_app(settings, clock))
        async with open_resources(settings, clock) as own, asyncio.TaskGroup() as tasks:
            tasks.create_task(serve_until(server, listener, stop))
            tasks.create_task(run_worker(own, clock, stop))
            try:
                yield url_of(listener)
            finally:
                stop.set()


@pytest.fixture
async def callers(service: str, resources: Resources, clock: ManualClock) -> AsyncIterator[Callers]:
    """Connect everybody who takes part to the service."""
    platform_key = await create_key(
        resources.pool, role=Role.PLATFORM, shop_id=None, name="the play"
    )
    async with httpx.AsyncClient(base_url=service, timeout=60, trust_env=False) as client:
        yield Callers(client=client, resources=resources, clock=clock, platform_key=platform_key)
