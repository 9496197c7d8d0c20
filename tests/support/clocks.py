"""Shops in test mode, over HTTP: given a clock, and brought to another day.

async with working(api):
    await in_test_mode(api.platform, "shop-9", "2024-05-01T00:00:00Z")
    clock = await advanced(api.platform, "shop-9", by_seconds=86_400)
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import httpx

from app.worker import run_worker
from tests.support.api import SHOP, Api
from tests.support.story import done

WAIT_SECONDS = 20
LOOKS_MAX = 10


class Asks(Protocol):
    """Whoever may ask for paths: a caller of tests, or anything like one."""

    async def get(self, path: str, query: dict[str, Any] | None = None) -> httpx.Response:
        """GET a path."""
        ...

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        """POST a body as JSON."""
        ...


def clock_path(shop_id: str = SHOP) -> str:
    """Return the path of a shop's test clock."""
    return f"/v1/shops/{shop_id}/test-clock"


async def in_test_mode(
    platform: Asks, shop_id: str = SHOP, now: str | None = None
) -> dict[str, Any]:
    """Give a shop a test clock and return it; by default it stands at the real present."""
    body = {} if now is None else {"now": now}
    return done(await platform.post(clock_path(shop_id), body), 201)


async def advanced(caller: Asks, shop_id: str = SHOP, **how: Any) -> dict[str, Any]:
    """Advance a shop's clock, `to` or `by_seconds`, and return it once it is ready."""
    done(await caller.post(f"{clock_path(shop_id)}/advance", how), 202)
    return await ready(caller, shop_id)


async def ready(caller: Asks, shop_id: str = SHOP) -> dict[str, Any]:
    """Return a shop's clock once it is ready; an AssertionError if that takes too long."""
    for _ in range(LOOKS_MAX):
        clock = done(await caller.get(clock_path(shop_id), {"wait_seconds": WAIT_SECONDS}))
        if clock["status"] == "ready":
            return clock
    raise AssertionError(f"the clock never became ready: {clock}")


@asynccontextmanager
async def working(api: Api) -> AsyncIterator[None]:
    """Let a worker work beside the API: readers, deadlines, test clocks."""
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(api.resources, api.clock, stop))
    try:
        yield
    finally:
        stop.set()
        await worker
