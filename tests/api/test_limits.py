"""Limits: requests per caller, and appends that may wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from app.api.app import create_app
from app.api.services import Services
from app.clock import ManualClock
from app.command_handling.funds_states import FundsStates
from app.command_handling.handler import CommandHandler
from app.container import open_services
from app.event_store.append_batcher import AppendBatcher
from app.event_store.append_queue import AppendLimits
from app.event_store.connections import OwnConnection
from app.event_store.stream_loader import StreamLoader
from app.event_types.registry import funds_codec
from app.postgres.pool import connect
from app.resources import Resources
from app.settings import Settings
from app.shop_clocks.clocks import ShopClocks
from tests.support.api import SHOP, Api, api_settings, running_api
from tests.support.story import an_order, done, order_path, orders_of, problem, registered

LIMIT = 5


@pytest.fixture
async def limited(
    settings: Settings, clock: ManualClock, resources: Resources
) -> AsyncIterator[Api]:
    """Serve the application with room for few requests a minute."""
    few = api_settings(settings, rate_limit_requests=LIMIT)
    async with running_api(few, clock, resources) as running:
        yield running


async def test_every_caller_is_told_what_is_left_and_stopped_when_nothing_is(
    limited: Api,
) -> None:
    for number in range(1, LIMIT + 1):
        answer = await limited.merchant.get(order_path())
        problem(answer, 404, "order_not_found")
        assert answer.headers["ratelimit-policy"] == f'"default";q={LIMIT};w=60'
        name, remaining, resets = answer.headers["ratelimit"].split(";")
        assert (name, remaining) == ('"default"', f"r={LIMIT - number}")
        assert 1 <= int(resets.removeprefix("t=")) <= 60
    refused = await limited.merchant.get(order_path())
    assert problem(refused, 429, "rate_limited")["repeatable"] is True
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit"].startswith('"default";r=0;')


async def test_one_callers_limit_is_nobody_elses(limited: Api) -> None:
    order = await registered(limited)
    for _ in range(LIMIT + 1):
        answer = await limited.merchant.get(order)
    problem(answer, 429, "rate_limited")
    for other in (limited.platform, limited.consumer(), limited.consumer("buyer-9")):
        assert (await other.get(order)).status_code in {200, 404}
    for _ in range(LIMIT + 1):
        answer = await limited.consumer().get(order)
    problem(answer, 429, "rate_limited")
    problem(await limited.consumer("buyer-9").get(order), 404, "order_not_found")


async def test_strangers_are_counted_together_and_stop_nobody_with_a_key(limited: Api) -> None:
    for number in range(LIMIT):
        stranger = limited.bearer(f"ask_00{number}_x")
        problem(await stranger.get(order_path()), 401, "unauthenticated")
    problem(await limited.nobody.get(order_path()), 429, "rate_limited")
    done(await limited.merchant.get(f"/v1/shops/{SHOP}/notifications"))


async def test_whether_the_process_lives_may_be_asked_without_limit(limited: Api) -> None:
    for _ in range(3 * LIMIT):
        done(await limited.client.get("/livez"))
        done(await limited.client.get("/readyz"))


@pytest.fixture
async def narrow(
    settings: Settings, clock: ManualClock, resources: Resources
) -> AsyncIterator[Api]:
    """Serve the application with room for one waiting append."""
    metrics = CollectorRegistry()

    async def own_connection() -> OwnConnection:
        return await connect(resources.database_url, settings)

    @asynccontextmanager
    async def services() -> AsyncIterator[Services]:
        async with (
            open_services(resources, clock, metrics) as opened,
            AppendBatcher(own_connection, limits=AppendLimits(waiting_max=1)) as batcher,
        ):
            handler = CommandHandler(
                loads=(loads := StreamLoader(resources.pool)),
                batcher=batcher,
                codec=opened.codec,
                funds=FundsStates(resources.pool, loads, funds_codec()),
                clocks=ShopClocks(resources.pool, clock),
                policy=opened.policy,
            )
            yield replace(opened, handler=handler)

    app = create_app(services, metrics)
    async with running_api(api_settings(settings), clock, resources, app) as running:
        yield running


async def test_more_appends_than_may_wait_are_refused_at_once_and_the_others_written(
    narrow: Api,
) -> None:
    async with narrow.resources.pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK after_sales.log_heads IN EXCLUSIVE MODE")
        asked = [
            asyncio.create_task(narrow.platform.post(orders_of(), an_order(f"order-{number}")))
            for number in range(12)
        ]
        refused, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        answer = problem(refused.pop().result(), 503, "overloaded")
        assert answer["repeatable"] is True
    answers = await asyncio.gather(*asked)
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {201, 503}
    await narrow.follow()
    listed = done(await narrow.merchant.get(orders_of()))["orders"]
    assert len(listed) == statuses.count(201)
