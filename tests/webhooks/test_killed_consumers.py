"""Readers and consumers of the feed die at any moment, while several write: nothing is missed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from app.access.keys import create_key
from app.clock import ManualClock
from app.event_store.recorded_event import Role
from app.resources import Resources
from app.settings import Settings
from app.webhooks.catalog.public_event import PublicEvent
from tests.domain.ticket_samples import a_ticket, goods_there, ship_back
from tests.event_store.child_processes import Child, running
from tests.projections.event_log import Logged
from tests.projections.test_agreement import moved_to
from tests.support.api import Api, api_settings, running_api, until
from tests.support.orders import agree
from tests.webhooks.feed_consumer_process import kept_lines
from tests.webhooks.published import derived, everything

FOLLOWING = "tests.webhooks.feed_reader_process"
CONSUMING = "tests.webhooks.feed_consumer_process"

HISTORY = a_ticket(agree(), ship_back(), goods_there()).events
SHOPS = ("feed-1", "feed-2", "feed-3")
ORDERS_PER_WRITER, WRITERS_PER_SHOP, DEATHS = 15, 2, 3


@pytest.fixture
async def api(settings: Settings, clock: ManualClock, resources: Resources) -> AsyncIterator[Api]:
    """Serve the application."""
    async with running_api(api_settings(settings), clock, resources) as running_one:
        yield running_one


async def write_orders(logged: Logged, shop_id: str, writer: int) -> None:
    """Let orders go through their lives side by side, an event each in turn."""
    lives = [
        (f"order-{writer}-{number}", moved_to(shop_id, HISTORY, f"order-{writer}-{number}"))
        for number in range(ORDERS_PER_WRITER)
    ]
    for version in range(len(HISTORY)):
        for order_id, events in lives:
            await logged.write(
                events[version : version + 1],
                shop_id=shop_id,
                order_id=order_id,
                after_version=version,
            )


class Consumer:
    """One who pulls a shop's events, dies, and goes on."""

    def __init__(self, api: Api, key: str, shop_id: str, folder: Path) -> None:
        self.file = folder / f"{shop_id}.ndjson"
        self._arguments = (f"{api.url}/v1/shops/{shop_id}/events", key, str(self.file))

    @property
    def ids(self) -> list[str]:
        """What was received, in the order it was."""
        return [event_id for line in kept_lines(self.file) for event_id in line["ids"]]

    async def live(self, stack: AsyncExitStack) -> Child:
        """Begin, or go on."""
        return await stack.enter_async_context(running(CONSUMING, *self._arguments))


async def got_further(consumer: Consumer, than: int, enough: int) -> bool:
    return len(consumer.ids) > than or len(consumer.ids) >= enough


async def test_consumers_and_readers_killed_at_any_moment_get_everything_once_and_in_order(
    api: Api, resources: Resources, tmp_path: Path
) -> None:
    logged = Logged(resources.pool)
    keys = [
        await create_key(resources.pool, role=Role.MERCHANT, shop_id=shop_id, name="tests")
        for shop_id in SHOPS
    ]
    consumers = [
        Consumer(api, key, shop_id, tmp_path) for key, shop_id in zip(keys, SHOPS, strict=True)
    ]
    writing = [
        asyncio.create_task(write_orders(logged, shop_id, writer))
        for shop_id in SHOPS
        for writer in range(WRITERS_PER_SHOP)
    ]
    for _ in range(DEATHS):
        async with AsyncExitStack() as lives:
            follower = await lives.enter_async_context(running(FOLLOWING, resources.database_url))
            children = [await consumer.live(lives) for consumer in consumers]
            for consumer in consumers:
                enough = await public_events_kept(resources) // len(SHOPS)
                await until(partial(got_further, consumer, len(consumer.ids), enough or 1))
            for child in (follower, *children):
                await child.kill()
    await asyncio.gather(*writing)

    expected = await derived(logged, await everything(logged, *SHOPS), 1_000)
    async with AsyncExitStack() as lives:
        await lives.enter_async_context(running(FOLLOWING, resources.database_url))
        for consumer, shop_id in zip(consumers, SHOPS, strict=True):
            own = [event for event in expected if event.shop_id == shop_id]
            await consumer.live(lives)
            await until(partial(got_further, consumer, len(own), len(own)))
            assert consumer.ids == [str(event.event_id) for event in own]
            assert_in_order(own)


async def public_events_kept(resources: Resources) -> int:
    """Return how many events the feed holds."""
    kept: int = await resources.pool.fetchval("SELECT count(*) FROM after_sales.public_events")
    return kept


def assert_in_order(events: list[PublicEvent]) -> None:
    """Hold that each order's events come as they happened, with nothing left out."""
    streams = {event.stream_id for event in events}
    assert len(streams) == ORDERS_PER_WRITER * WRITERS_PER_SHOP
    for stream_id in streams:
        own = [event for event in events if event.stream_id == stream_id]
        assert [event.type.value for event in own] == [
            *("entry.opened", "ticket.created", "ticket.agreed", "ticket.return_shipped"),
            *("ticket.return_received", "refund.requested"),
        ]
        assert all(earlier.version <= later.version for earlier, later in pairwise(own))
