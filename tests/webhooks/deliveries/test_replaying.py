"""Sending again, forgetting, and the figures: what owners and operators ask for."""

import asyncio
from datetime import timedelta

import pytest

from app.webhooks.deliveries.opening import prune_webhooks
from tests.support.story import applied, done
from tests.webhooks.deliveries.subscriptions import Endpoint, Subscribing, orders_in
from tests.webhooks.receivers import Answering, receiving

SINCE = {"since": "2021-03-01T00:00:00Z"}
DAY = timedelta(days=1)


async def given_up(subscribing: Subscribing, endpoint: Endpoint) -> None:
    """Let the whole schedule pass, however often the endpoint is disabled meanwhile."""
    while set(await endpoint.states()) != {"failed"}:
        await subscribing.send()
        subscribing.api.clock.advance(timedelta(hours=2))
        if not (await endpoint.now())["enabled"]:
            await endpoint.post("enable", status=200)


@pytest.mark.parametrize("ordered", [False, True])
async def test_what_failed_is_recovered_all_of_it_in_order_and_counted(
    subscribing: Subscribing, *, ordered: bool
) -> None:
    api = subscribing.api
    async with receiving(Answering(500)) as bad, receiving(Answering()) as good:
        endpoint = await subscribing.endpoint(bad, ordered=ordered)
        await applied(api)
        await subscribing.tell(2)
        await given_up(subscribing, endpoint)
        assert len(await endpoint.deliveries(state="failed")) == 3
        later = {"since": api.clock.now().isoformat()}
        assert (await endpoint.post("recover", later))["recovered"] == 0
        done(
            await api.merchant.put(
                endpoint.path, {"url": good.url("127.0.0.1"), "ordered": ordered}
            )
        )
        assert await endpoint.post("recover", SINCE) == {"recovered": 3, "complete": True}
        assert (await endpoint.health())["pending"] == 3
        assert await subscribing.send() == 3
        assert (await endpoint.post("recover", SINCE))["recovered"] == 0
    assert sorted(orders_in(good.requests)) == ["order-1", "order-1", "order-2"]
    health = await endpoint.health()
    assert (health["pending"], health["delivered"], health["given_up"]) == (0, 3, 3)
    assert 0 < health["success_rate"] < 1


async def test_one_delivery_is_sent_again_under_its_own_id(subscribing: Subscribing) -> None:
    async with receiving(Answering()) as receiver:
        endpoint = await subscribing.endpoint(receiver)
        await subscribing.tell(1)
        await subscribing.send()
        (delivery,) = await endpoint.deliveries()
        again = await endpoint.post(f"deliveries/{delivery['delivery_id']}/resend")
        assert (again["state"], again["attempts"]) == ("queued", 1)
        assert await subscribing.send() == 1
        shown = await endpoint.delivery(delivery["delivery_id"])
        assert (shown["state"], len(shown["latest_attempts"])) == ("delivered", 2)
    first, second = receiver.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


async def test_a_test_reaches_an_endpoint_whatever_it_wants(subscribing: Subscribing) -> None:
    async with receiving(Answering()) as receiver:
        endpoint = await subscribing.endpoint(receiver, event_types=["refund.succeeded"])
        tested = await endpoint.post("test")
        assert await subscribing.send() == 1
    (request,) = receiver.requests
    assert request.headers["webhook-id"] == tested["delivery_id"]
    assert (await endpoint.delivery(tested["delivery_id"]))["state"] == "delivered"


async def test_a_cap_on_the_rate_holds_for_all_workers_together(subscribing: Subscribing) -> None:
    async with receiving(Answering()) as receiver:
        endpoint = await subscribing.endpoint(receiver, rate_per_second=20)
        for _ in range(12):
            await endpoint.post("test")
        loop, workers = asyncio.get_running_loop(), [subscribing.new_worker() for _ in range(2)]
        begun = loop.time()
        while (await endpoint.health())["pending"]:
            await asyncio.gather(*(worker.run_once() for worker in workers))
        took_seconds = loop.time() - begun
    assert len(receiver.requests) == 12
    assert took_seconds >= 11 / 20, "no attempt may begin before its turn"


async def test_what_is_old_is_forgotten_and_nothing_waits_for_it_for_ever(
    subscribing: Subscribing,
) -> None:
    api, pool = subscribing.api, subscribing.api.resources.pool
    async with receiving(Answering(500)) as bad, receiving(Answering()) as good:
        endpoint = await subscribing.endpoint(bad, ordered=True)
        deleted = await subscribing.endpoint(bad)
        await applied(api)
        await subscribing.follow()
        await subscribing.send()
        await api.merchant.send("DELETE", deleted.path)
        assert await prune_webhooks(pool, api.clock.now(), retention=30 * DAY) == 2
        queues = await pool.fetchval("SELECT count(*) FROM after_sales.webhook_queues")
        assert queues == 1, "nothing is kept of an endpoint that is gone"
        await pool.execute(
            "UPDATE after_sales.webhook_deliveries SET created_at = created_at - interval '40 days'"
            " WHERE state = 'queued'"
        )
        kept = await endpoint.deliveries()
        assert await prune_webhooks(pool, api.clock.now(), retention=30 * DAY) == 1
        assert [one["state"] for one in await endpoint.deliveries()] == ["queued"]
        assert len(kept) == 2
        done(await api.merchant.put(endpoint.path, {"url": good.url("127.0.0.1"), "ordered": True}))
        api.clock.advance(DAY)
        assert await subscribing.send() == 1
        assert (await endpoint.health())["pending"] == 0
    attempts = await pool.fetchval("SELECT count(*) FROM after_sales.webhook_attempts")
    assert attempts == 1
    later = api.clock.now() + 20_000 * DAY
    assert await prune_webhooks(pool, later, retention=30 * DAY) == 1
    assert await pool.fetchval("SELECT count(*) FROM after_sales.webhook_messages") == 0


async def test_operators_see_backlog_age_success_and_latency_of_each_endpoint(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    async with receiving(Answering(500)) as bad, receiving(Answering()) as good:
        failing, healthy = [await subscribing.endpoint(one) for one in (bad, good)]
        await subscribing.tell(1, 2)
        await subscribing.send()
        api.clock.advance(timedelta(seconds=3))
        text = (await api.client.get("/metrics")).text
    bad_one, good_one = (f'endpoint="{one.endpoint_id}"' for one in (failing, healthy))
    for line in (
        "backlog_total 2.0",
        f"backlog{{{bad_one}}} 2.0",
        f"backlog{{{good_one}}} 0.0",
        f"oldest_seconds{{{bad_one}}} 3.0",
        f'attempts_total{{{bad_one},outcome="failed"}} 2.0',
        f'attempts_total{{{good_one},outcome="succeeded"}} 2.0',
        f"attempt_seconds_count{{{good_one}}} 2.0",
    ):
        assert f"aftersales_webhook_{line}" in text, line
