"""Who asks for personal data is sent it, and nobody else, whatever is done again."""

import json
from datetime import timedelta
from typing import Any

from app.event_types.registry import event_codec
from app.projection_registry import READERS
from app.projections.runner import ProjectionRunner
from tests.support.api import SHOP, Api
from tests.support.story import A_PARCEL, a_picture, a_refund, applied, done
from tests.webhooks.deliveries.subscriptions import OF_PLATFORM, Subscribing, verified
from tests.webhooks.receivers import Answering, Received, receiving

ASKING: dict[str, Any] = {"include": ["personal_data"]}
WRITTEN = (
    "破了一个洞",
    "请提供凭证",
    "已联系买家",
    "商家承诺过",
    "private-1.jpg",
    "SF1030529384756",
)
"""What people wrote and showed in `a_dispute`, each once."""
SINCE = {"since": "2021-03-01T00:00:00Z"}


async def a_dispute(api: Api) -> str:
    """Let a buyer and a merchant write all they can on one ticket; return its path."""
    picture = a_picture(url="https://example.com/private-1.jpg")
    wish = a_refund(description=WRITTEN[0], evidence=[picture], return_goods=True)
    ticket = await applied(api, application=wish)
    done(await api.merchant.post(f"{ticket}/agree-to-application"))
    done(await api.consumer().post(f"{ticket}/ship-goods-back", A_PARCEL))
    no = {"reason": "return_damaged", "note": WRITTEN[1], "evidence": [picture]}
    done(await api.merchant.post(f"{ticket}/reject-returned-goods", no))
    remark = {"text": WRITTEN[2], "pictures": [picture]}
    done(await api.merchant.post(f"{ticket}/add-ticket-remark", remark, key="remark"), 201)
    why = {"note": WRITTEN[3]}
    done(await api.consumer().post(f"{ticket}/request-arbitration", why))
    return ticket


def texts_in(requests: list[Received]) -> set[str]:
    """Return which of the texts appear in bodies."""
    bodies = b"".join(one.body for one in requests).decode()
    return {text for text in WRITTEN if text in bodies}


def version_of(event: dict[str, Any]) -> int:
    """Return an event's place in its stream."""
    return int(event["version"])


def without(request: Received) -> dict[str, Any]:
    """Return an event without what was asked for."""
    event: dict[str, Any] = json.loads(request.body)
    event["data"].pop("personal", None)
    return event


async def test_one_endpoint_asks_and_one_does_not_and_both_get_the_same_events(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    async with receiving(Answering()) as asking, receiving(Answering()) as plain:
        one = await subscribing.endpoint(asking, **ASKING)
        other = await subscribing.endpoint(plain)
        everywhere = await subscribing.endpoint(plain, path=OF_PLATFORM)
        await a_dispute(api)
        await subscribing.follow()
        await subscribing.send()
    assert one.made["include"] == ["personal_data"]
    assert other.made["include"] == everywhere.made["include"] == []
    assert texts_in(asking.requests) == set(WRITTEN)
    assert texts_in(plain.requests) == set()
    events = {request.headers["webhook-id"]: request for request in asking.requests}
    assert len(events) == 7
    assert len(plain.requests) == 2 * len(events)
    for request in plain.requests:
        told = events[request.headers["webhook-id"]]
        assert verified(told, one.made["secret"])["data"]["personal"]["truncated"] is False
        assert without(told) == json.loads(request.body)
    latest = max((json.loads(request.body) for request in asking.requests), key=version_of)
    personal = latest["data"]["personal"]
    assert personal["return_parcel"] == A_PARCEL
    assert personal["returned_goods_rejection"]["note"] == WRITTEN[1]


async def test_the_platforms_endpoint_can_ask_too(subscribing: Subscribing) -> None:
    async with receiving(Answering()) as asking, receiving(Answering()) as plain:
        await subscribing.endpoint(asking, path=OF_PLATFORM, **ASKING)
        await subscribing.endpoint(plain)
        await a_dispute(subscribing.api)
        await subscribing.follow()
        await subscribing.send()
    assert (texts_in(asking.requests), texts_in(plain.requests)) == (set(WRITTEN), set())


async def test_the_feed_has_nothing_personal_whoever_asks(subscribing: Subscribing) -> None:
    api = subscribing.api
    async with receiving(Answering()) as asking:
        await subscribing.endpoint(asking, **ASKING)
        await a_dispute(api)
        await ProjectionRunner(api.resources.pool, event_codec(), READERS).run_until_caught_up()
        fed = await api.merchant.get(f"/v1/shops/{SHOP}/events")
    assert len(done(fed)["events"]) == 7
    assert not any(text in fed.text for text in (*WRITTEN, "personal"))


async def test_what_was_queued_without_stays_without_however_often_it_is_sent_again(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    async with receiving(Answering(500)) as bad, receiving(Answering()) as good:
        url = {"url": good.url("127.0.0.1")}
        endpoint = await subscribing.endpoint(bad)
        ticket = await a_dispute(api)
        await subscribing.follow()
        done(await api.merchant.put(endpoint.path, {**url, **ASKING}))
        assert await subscribing.send() == 7
        delivery = (await endpoint.deliveries())[0]
        await endpoint.post(f"deliveries/{delivery['delivery_id']}/resend")
        assert await subscribing.send() == 1
        assert (await endpoint.post("replay", SINCE))["queued"] == 0
        assert texts_in(good.requests) == set()
        done(
            await api.merchant.post(f"{ticket}/add-ticket-remark", {"text": "还在吗"}, key="later"),
            201,
        )
        await subscribing.follow()
        await subscribing.send()
    assert "还在吗" in good.requests[-1].body.decode(), "what is queued from now on is sent with it"


async def test_once_it_is_asked_for_no_more_it_is_not_sent_even_where_it_was_queued(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    async with receiving(Answering(500)) as bad, receiving(Answering()) as good:
        endpoint = await subscribing.endpoint(bad, **ASKING)
        await a_dispute(api)
        await subscribing.follow()
        while set(await endpoint.states()) != {"failed"}:
            await subscribing.send()
            api.clock.advance(timedelta(hours=2))
            if not (await endpoint.now())["enabled"]:
                await endpoint.post("enable", status=200)
        assert texts_in(bad.requests) == set(WRITTEN)
        (latest,) = await endpoint.deliveries(type="ticket.arbitration_requested")
        failed = latest["delivery_id"]
        assert "personal" in (await endpoint.delivery(failed))["body"]
        url = {"url": good.url("127.0.0.1")}
        done(await api.merchant.put(endpoint.path, url))
        assert "personal" not in (await endpoint.delivery(failed))["body"]
        assert (await endpoint.post("recover", SINCE))["recovered"] == 7
        assert await subscribing.send() == 7
        assert texts_in(good.requests) == set()
        shown = (await endpoint.delivery(failed))["body"].encode()
        assert shown in [request.body for request in good.requests]
        done(await api.merchant.put(endpoint.path, {**url, **ASKING}))
        await endpoint.post(f"deliveries/{failed}/resend")
        await subscribing.send()
    assert texts_in(good.requests[-1:]) == set(WRITTEN), "it was queued with it, and is asked for"


async def test_what_an_endpoint_missed_is_replayed_as_it_asks_now(subscribing: Subscribing) -> None:
    api = subscribing.api
    async with receiving(Answering()) as asking, receiving(Answering()) as plain:
        await a_dispute(api)
        await subscribing.follow()
        one = await subscribing.endpoint(asking, **ASKING)
        other = await subscribing.endpoint(plain)
        for endpoint in (one, other):
            assert (await endpoint.post("replay", SINCE))["queued"] == 7
        assert await subscribing.send() == 14
    assert (texts_in(asking.requests), texts_in(plain.requests)) == (set(WRITTEN), set())


async def test_a_test_of_an_endpoint_that_asks_is_a_plain_one(subscribing: Subscribing) -> None:
    async with receiving(Answering()) as receiver:
        endpoint = await subscribing.endpoint(receiver, **ASKING)
        await endpoint.post("test")
        assert await subscribing.send() == 1
    (request,) = receiver.requests
    assert verified(request, endpoint.made["secret"])["type"] == "webhook.test"
