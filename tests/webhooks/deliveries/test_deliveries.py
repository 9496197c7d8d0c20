"""What is sent to whom, how often, and in which order: with receivers that really answer."""

from datetime import timedelta

from app.event_types.registry import event_codec
from app.projection_registry import READERS
from app.projections.rebuild import Rebuild
from tests.support.api import OTHER_SHOP
from tests.support.story import applied, done, instant, opened
from tests.webhooks.deliveries.subscriptions import (
    OF_PLATFORM,
    Subscribing,
    is_signed,
    orders_in,
    verified,
)
from tests.webhooks.receivers import Answering, receiving

OF_OTHER_SHOP = f"/v1/shops/{OTHER_SHOP}/webhook-endpoints"
SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)


async def test_an_event_goes_once_to_every_endpoint_that_wants_it(subscribing: Subscribing) -> None:
    api = subscribing.api
    async with receiving(Answering()) as receiver:
        every = await subscribing.endpoint(receiver, headers={"X-Key": "of-the-receiver"})
        entries = await subscribing.endpoint(receiver, event_types=["entry.opened"])
        refunds = await subscribing.endpoint(receiver, event_types=["refund.succeeded"])
        platform = await subscribing.endpoint(receiver, path=OF_PLATFORM)
        other = await subscribing.endpoint(receiver, caller=api.other_merchant, path=OF_OTHER_SHOP)
        await applied(api)
        await opened(api, "order-9", shop_id=OTHER_SHOP)
        await subscribing.follow()
        attempts = await subscribing.send()
        assert await subscribing.send() == 0
    types = {
        name: [one["type"] for one in reversed(await endpoint.deliveries())]
        for name, endpoint in {
            "every": every,
            "entries": entries,
            "refunds": refunds,
            "platform": platform,
            "other": other,
        }.items()
    }
    assert types["entries"] == ["entry.opened"]
    assert types["refunds"] == []
    assert set(types["every"]) == {"entry.opened", "ticket.created"}
    assert types["other"] == ["entry.opened"]
    assert sorted(types["platform"]) == sorted(types["every"] + types["other"])
    assert attempts == len(receiver.requests) == sum(map(len, types.values()))
    for endpoint in (every, entries, platform, other):
        ids = {one["delivery_id"] for one in await endpoint.deliveries()}
        secret = endpoint.made["secret"]
        own = [one for one in receiver.requests if is_signed(one, secret)]
        assert {verified(one, secret)["id"] for one in own} == ids
        assert set(await endpoint.states()) == {"delivered"}
    with_header = [one for one in receiver.requests if one.headers.get("x-key")]
    assert len(with_header) == len(types["every"])


async def test_a_message_is_tried_by_the_schedule_and_then_given_up(
    subscribing: Subscribing,
) -> None:
    api, waits = subscribing.api, [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR]
    waits += [10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR]
    async with receiving(Answering(500, body=b"out of order")) as receiver:
        endpoint = await subscribing.endpoint(receiver)
        await subscribing.tell(1)
        for number, wait in enumerate(waits, start=1):
            assert await subscribing.send() == 1
            (delivery,) = await endpoint.deliveries()
            assert (delivery["state"], delivery["attempts"]) == ("queued", number)
            assert instant(delivery["next_attempt_at"]) == api.clock.now() + wait
            api.clock.advance(wait - SECOND)
            assert await subscribing.send() == 0
            api.clock.advance(SECOND)
        assert await subscribing.send() == 1
        (delivery,) = await endpoint.deliveries(state="failed")
        api.clock.advance(30 * DAY)
        assert await subscribing.send() == 0
    assert {one.headers["webhook-id"] for one in receiver.requests} == {delivery["delivery_id"]}
    stamps = [int(one.headers["webhook-timestamp"]) for one in receiver.requests]
    assert stamps == sorted(set(stamps)), "each attempt is signed at its own time"
    shown = await endpoint.delivery(delivery["delivery_id"])
    assert [one["attempt"] for one in shown["latest_attempts"]] == list(range(10, 0, -1))
    assert {(one["status"], one["answer"]) for one in shown["latest_attempts"]} == {
        (500, "out of order")
    }
    assert shown["body"].encode() == receiver.requests[0].body
    health = await endpoint.health()
    assert (health["pending"], health["given_up"], health["attempts_failed"]) == (0, 1, 10)


async def test_reading_the_log_again_sends_nothing_again(subscribing: Subscribing) -> None:
    pool = subscribing.api.resources.pool
    async with receiving(Answering()) as receiver:
        await subscribing.endpoint(receiver)
        await subscribing.tell(1, 2)
        sent = await subscribing.send()
        await subscribing.tell(3)
        for reader in READERS:
            await Rebuild(pool=pool, codec=event_codec(), reader=reader).run()
        await pool.execute(
            "UPDATE after_sales.checkpoints SET position = 0 WHERE reader = 'webhook_fanout'"
        )
        await subscribing.follow()
        assert await subscribing.send() == 1, "the one that was still queued"
        assert len(receiver.requests) == sent + 1 == 3


async def test_an_ordered_endpoint_gets_the_events_of_an_order_one_after_another(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    async with receiving(Answering(503)) as failing, receiving(Answering()) as good:
        ordered = await subscribing.endpoint(failing, ordered=True)
        await applied(api)
        await opened(api, "order-2")
        await subscribing.follow()
        assert sorted(await ordered.states()) == ["queued", "queued", "waiting"]
        assert await subscribing.send() == 2, "the first of each order"
        url = good.url("127.0.0.1")
        done(await api.merchant.put(ordered.path, {"url": url, "ordered": True}))
        api.clock.advance(5 * SECOND)
        assert await subscribing.send() == 3
    events = [verified(one, ordered.made["secret"]) for one in good.requests]
    of_first = [one["type"] for one in events if one["data"]["order"]["order_id"] == "order-1"]
    assert of_first == ["entry.opened", "ticket.created"]
    assert set(await ordered.states()) == {"delivered"}
    assert sorted(set(orders_in(failing.requests))) == ["order-1", "order-2"]
