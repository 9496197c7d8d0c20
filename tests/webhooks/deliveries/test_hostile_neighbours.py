"""Every hostile receiver at once beside healthy ones, which notice nothing of it."""

import asyncio
from contextlib import AsyncExitStack

from tests.support.api import Api, until
from tests.support.story import applied, opened
from tests.webhooks.deliveries.subscriptions import (
    Endpoint,
    Subscribing,
    subscribing_service,
    verified,
)
from tests.webhooks.receivers import (
    Answering,
    Resetting,
    endless_body,
    endless_headers,
    gone,
    gzip_bomb,
    nobody,
    receiving,
    redirecting,
    silent,
    slow_body,
    slow_headers,
    throttling,
)

HOSTILE = (
    *(silent, slow_headers(), slow_body(), endless_body(), endless_headers()),
    *(gzip_bomb(1_000_000), Resetting(), redirecting("http://169.254.169.254/"), gone()),
    *(throttling(429, "3600"), throttling(503, "Wed, 21 Oct 2026 07:28:00 GMT")),
)
APPLIED, OPENED = 3, 9


async def test_healthy_endpoints_get_everything_in_order_beside_every_hostile_one(
    api: Api,
) -> None:
    async with AsyncExitStack() as stack:
        subscribing = await stack.enter_async_context(
            subscribing_service(api, total_seconds=1.0, connect_seconds=0.5)
        )
        for behaviour in HOSTILE:
            hostile = await stack.enter_async_context(receiving(behaviour))
            await subscribing.endpoint(hostile)
        await subscribing.endpoint(await stack.enter_async_context(nobody()))
        good = [await stack.enter_async_context(receiving(Answering())) for _ in range(2)]
        healthy = [await subscribing.endpoint(one, ordered=True) for one in good]
        for number in range(APPLIED):
            await applied(api, f"order-{number}")
        for number in range(APPLIED, OPENED):
            await opened(api, f"order-{number}")
        await subscribing.follow()
        await _work_until_delivered(subscribing, healthy)
    for endpoint, receiver in zip(healthy, good, strict=True):
        came = [verified(one, endpoint.made["secret"]) for one in receiver.requests]
        # Once each, however often: a busy machine may miss the short deadline. And that the
        # endpoint which is gone was disabled is told to the owner's others too, sooner or later.
        once = {one["id"]: one for one in came if one["stream_id"].startswith("order/")}
        events = list(once.values())
        assert len(events) == APPLIED + OPENED
        for number in range(APPLIED):
            versions = [
                one["version"] for one in events if one["stream_id"].endswith(f"/order-{number}")
            ]
            assert versions == sorted(versions)


async def _work_until_delivered(subscribing: Subscribing, healthy: list[Endpoint]) -> None:
    """Let a worker go on until the healthy endpoints have all there is."""

    async def delivered() -> bool:
        return all([not (await one.health())["pending"] for one in healthy])

    stop = asyncio.Event()
    working = asyncio.create_task(subscribing.worker().run(stop))
    try:
        await until(delivered)
    finally:
        stop.set()
        await working
