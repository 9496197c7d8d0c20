"""Endpoints that fail: spared, disabled at last, and enabled again; all by their owner's clock."""

import asyncio
from datetime import timedelta

import pytest

from app.webhooks.breaker import HealthPolicy
from tests.support.api import SHOP, until
from tests.support.clocks import advanced, in_test_mode, working
from tests.support.story import done, instant, opened
from tests.webhooks.deliveries.subscriptions import (
    ENDPOINTS,
    OF_PLATFORM,
    Endpoint,
    Subscribing,
    is_signed,
    orders_in,
)
from tests.webhooks.receivers import Answering, gone, receiving, throttling

SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)

FAILURES_TO_OPEN = HealthPolicy().failures_to_open


async def test_an_endpoint_that_is_gone_is_disabled_and_gets_what_waited_when_enabled(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    async with receiving(gone()) as leaving, receiving(Answering()) as good:
        orders = ["entry.opened"]
        endpoint = await subscribing.endpoint(leaving, event_types=orders)
        await subscribing.tell(1, 2)
        assert await subscribing.send() == 2, "two"
        now = await endpoint.now()
        assert (now["enabled"], now["disabled_reason"]) == (False, "gone")
        changes = done(await api.merchant.get(f"{endpoint.path}/changes"))["changes"]
        assert (changes[0]["kind"], changes[0]["actor_role"]) == ("disabled", "system")
        await subscribing.tell(3)
        api.clock.advance(HOUR)
        assert await subscribing.send() == 0
        moved = {"url": good.url("127.0.0.1"), "event_types": orders}
        done(await api.merchant.put(endpoint.path, moved))
        await endpoint.post("enable", status=200)
        assert await subscribing.send() == 2, "what was queued, not what happened meanwhile"
        assert sorted(orders_in(good.requests)) == ["order-1", "order-2"]
        replayed = await endpoint.post("replay", {"since": "2021-03-01T00:00:00Z"})
        assert replayed["queued"] == 1
        again = await endpoint.post("replay", {"since": "2021-03-01T00:00:00Z"})
        assert (again["queued"], again["next_cursor"]) == (0, None)
        assert await subscribing.send() == 1
        assert orders_in(good.requests)[-1] == "order-3"
    assert {one["cause"] for one in await endpoint.deliveries()} == {"event", "replay"}


async def test_an_endpoint_that_fails_for_five_days_is_disabled_and_says_why(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    async with receiving(Answering(500)) as receiver:
        for path in ("shop", OF_PLATFORM):
            endpoint = (
                await subscribing.endpoint(receiver)
                if path == "shop"
                else await subscribing.endpoint(receiver, path=OF_PLATFORM)
            )
            begun, number = api.clock.now(), 10 if path == "shop" else 20
            while (await endpoint.now())["enabled"]:
                assert api.clock.now() - begun <= 5 * DAY, path
                await subscribing.tell(number)
                await subscribing.send()
                api.clock.advance(20 * HOUR)
                number += 1
            assert api.clock.now() - begun > 5 * DAY
            assert (await endpoint.now())["disabled_reason"] == "failing_too_long"
            health = await endpoint.health()
            assert instant(health["failing_since"]) == begun
            await endpoint.post("enable", status=200)
            await subscribing.send()
            assert (await endpoint.now())["enabled"], "its five days begin anew"
            await endpoint.post("disable", status=200)


async def test_a_success_now_and_then_keeps_an_endpoint_enabled(subscribing: Subscribing) -> None:
    api = subscribing.api
    async with receiving(Answering(500)) as bad, receiving(Answering()) as good:
        endpoint = await subscribing.endpoint(bad)
        for number, receiver in enumerate((bad, bad, good, bad, bad)):
            url = receiver.url("127.0.0.1")
            done(await api.merchant.put(endpoint.path, {"url": url}))
            await subscribing.tell(number)
            await subscribing.send()
            api.clock.advance(2 * DAY)
        assert (await endpoint.now())["enabled"]


async def test_an_endpoint_that_asks_to_wait_is_not_sent_anything_until_then(
    subscribing: Subscribing,
) -> None:
    async with receiving(throttling(429, "120")) as receiver:
        endpoint = await subscribing.endpoint(receiver)
        await subscribing.tell(1)
        assert await subscribing.send() == 1
        await subscribing.tell(2)
        subscribing.api.clock.advance(119 * SECOND)
        assert await subscribing.send() == 0
        attempts = {one["attempts"] for one in await endpoint.deliveries()}
        assert attempts == {0, 1}, "waiting is no attempt"
        subscribing.api.clock.advance(SECOND)
        assert await subscribing.send() > 0


@pytest.mark.parametrize("path", [ENDPOINTS, OF_PLATFORM])
async def test_an_endpoint_that_is_enabled_waits_for_no_circuit_that_was_opened_before(
    subscribing: Subscribing, path: str
) -> None:
    api, workers = subscribing.api, [subscribing.worker(), subscribing.new_worker()]
    async with receiving(Answering(500)) as bad, receiving(Answering()) as good:
        endpoint = await subscribing.endpoint(bad, path=path)
        for first, worker in ((1, workers[0]), (11, workers[1])):
            await subscribing.tell(*range(first, first + FAILURES_TO_OPEN))
            while await worker.run_once():
                pass
        assert len(bad.requests) == 2 * FAILURES_TO_OPEN
        api.clock.advance(6 * SECOND)
        for worker in workers:
            assert await worker.run_once() == 0, "all is due, and the circuit is open"
        done(await endpoint.caller.put(endpoint.path, {"url": good.url("127.0.0.1")}))
        await endpoint.post("disable", status=200)
        await endpoint.post("enable", status=200)
        for worker in workers:
            assert await worker.run_once() > 0, "each process hears of it"
        await subscribing.send()
        assert len(good.requests) == 2 * FAILURES_TO_OPEN
    assert set(await endpoint.states()) == {"delivered"}


async def test_a_worker_that_runs_hears_that_an_endpoint_of_a_test_shop_was_enabled(
    subscribing: Subscribing,
) -> None:
    api, stop = subscribing.api, asyncio.Event()
    await in_test_mode(api.platform, now="2021-03-15T09:00:00Z")
    async with (
        receiving(Answering(500)) as bad,
        receiving(Answering()) as good,
        working(api),
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(subscribing.worker().run(stop))
        endpoint = await subscribing.endpoint(bad, event_types=["entry.opened"])
        for number in range(FAILURES_TO_OPEN):
            await opened(api, f"order-{number}")
        await until(lambda: attempted(endpoint, FAILURES_TO_OPEN))
        await advanced(api.platform, SHOP, by_seconds=6)
        url = good.url("127.0.0.1")
        done(await api.merchant.put(endpoint.path, {"url": url, "event_types": ["entry.opened"]}))
        await endpoint.post("disable", status=200)
        await endpoint.post("enable", status=200)
        await until(lambda: delivered(endpoint, FAILURES_TO_OPEN))
        stop.set()
    assert len(bad.requests) == FAILURES_TO_OPEN, "the shop's clock stands: no probe was due"


async def attempted(endpoint: Endpoint, attempts: int) -> bool:
    """Whether so many attempts have failed and are recorded."""
    return bool((await endpoint.health())["attempts_failed"] >= attempts)


async def delivered(endpoint: Endpoint, deliveries: int) -> bool:
    """Whether so many deliveries have arrived."""
    return await endpoint.states() == ["delivered"] * deliveries


async def test_old_and_new_secret_sign_for_a_day(subscribing: Subscribing) -> None:
    async with receiving(Answering()) as receiver:
        endpoint = await subscribing.endpoint(receiver)
        rotated = await endpoint.post("rotate-secret", status=200)
        await subscribing.tell(1)
        await subscribing.send()
        subscribing.api.clock.advance(DAY)
        await subscribing.tell(2)
        await subscribing.send()
    old, new = endpoint.made["secret"], rotated["secret"]
    signed = [(is_signed(one, old), is_signed(one, new)) for one in receiver.requests]
    assert signed == [(True, True), (False, True)]
    kinds = [
        sorted(one.split(",")[0] for one in request.headers["webhook-signature"].split())
        for request in receiver.requests
    ]
    assert kinds == [["v1", "v1", "v1a", "v1a"], ["v1", "v1a"]]


async def has_queued(endpoint: Endpoint, deliveries: int) -> bool:
    """Whether the service has queued something for an endpoint."""
    return len(await endpoint.deliveries()) >= deliveries


async def test_in_a_test_shop_schedule_and_secrets_go_by_its_clock(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    await in_test_mode(api.platform, now="2021-03-15T09:00:00Z")
    async with receiving(Answering(500)) as receiver, working(api):
        endpoint = await subscribing.endpoint(receiver)
        platform = await subscribing.endpoint(receiver, path=OF_PLATFORM)
        rotated = await endpoint.post("rotate-secret", status=200)
        await opened(api)
        await until(lambda: has_queued(platform, 1))
        assert await subscribing.send() == 2
        assert await subscribing.send() == 0
        for seconds in (5, 300, 1_800):
            await advanced(api.platform, SHOP, by_seconds=seconds)
            assert await subscribing.send() == 1, "the platform's goes by the service's clock"
        assert await platform.states() == ["queued"]
        await advanced(api.platform, SHOP, by_seconds=86_400)
        assert await subscribing.send() > 0
    old, new = endpoint.made["secret"], rotated["secret"]
    own = [one for one in receiver.requests if is_signed(one, new)]
    assert [is_signed(one, old) for one in own[:4]] == [True] * 4
    assert not is_signed(own[-1], old)
    real = int(api.clock.now().timestamp())
    assert {int(one.headers["webhook-timestamp"]) for one in own} == {real}
