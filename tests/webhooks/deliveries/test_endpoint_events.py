"""What becomes of an endpoint is an event: in the feed, its stream, and sent to the others."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.domain.webhook_endpoints import DisabledReason
from app.event_store.recorded_event import Actor, Role
from app.event_types.registry import event_codec
from app.projection_registry import READERS
from app.projections.rebuild import Rebuild
from app.sealing import Seal
from app.webhooks.deliveries.endpoint_notices import disable_endpoint
from app.webhooks.endpoints.endpoint import Owner
from app.webhooks.endpoints.service import Change
from tests.support.api import SHOP, Api, until
from tests.support.clocks import advanced, in_test_mode, working
from tests.support.event_source import event_source
from tests.support.story import done, instant, opened
from tests.webhooks.deliveries.subscriptions import (
    ENDPOINTS,
    OF_PLATFORM,
    Endpoint,
    Subscribing,
    verified,
)
from tests.webhooks.receivers import Answering, Receiver, gone, receiving

FEED = f"/v1/shops/{SHOP}/events"
DISABLED, ENABLED = "webhook_endpoint.disabled", "webhook_endpoint.enabled"
BOTH = [DISABLED, ENABLED]
DAY = timedelta(days=1)


async def in_feed(api: Api) -> list[dict[str, Any]]:
    """Return what the feed says of endpoints."""
    await api.follow()
    page = done(await api.merchant.get(FEED, {"types": BOTH, "limit": 200}))
    found: list[dict[str, Any]] = page["events"]
    return found


def of_endpoints(receiver: Receiver, secret: str) -> list[dict[str, Any]]:
    """Return what a receiver was sent of endpoints."""
    sent = [verified(one, secret) for one in receiver.requests]
    return [one for one in sent if one["type"] in BOTH]


async def logged(api: Api) -> list[tuple[str, int, str]]:
    """Return the log's events of endpoints: stream, version, type."""
    rows = await api.resources.pool.fetch(
        "SELECT stream_id, version, type FROM after_sales.events"
        " WHERE stream_id LIKE 'webhook_endpoint/%' ORDER BY partition_id, position"
    )
    return [(row["stream_id"], row["version"], row["type"]) for row in rows]


async def test_an_endpoint_that_is_gone_is_told_of_everywhere_once(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    own_one, foreign_one = receiving(Answering()), receiving(Answering())
    async with receiving(gone()) as leaving, own_one as own, foreign_one as foreign:
        endpoint = await subscribing.endpoint(leaving)
        other = await subscribing.endpoint(own, event_types=[DISABLED])
        platform = await subscribing.endpoint(foreign, path=OF_PLATFORM)
        uninterested = await subscribing.endpoint(own, event_types=["ticket.created"])
        await subscribing.tell(1)
        await subscribing.send()
        await subscribing.follow()
        assert await subscribing.send() == 2
        assert await uninterested.deliveries() == []
    (event,) = await in_feed(api)
    assert event["type"] == DISABLED
    assert event["data"] == {
        "endpoint_id": endpoint.endpoint_id,
        "url": leaving.url("127.0.0.1"),
        "disabled_reason": "gone",
    }
    assert (event["shop_id"], event["caused_by"], event["version"]) == (SHOP, "system", 1)
    assert event["stream_id"] == f"webhook_endpoint/{SHOP}/{endpoint.endpoint_id}"
    assert of_endpoints(own, other.made["secret"]) == [event]
    assert of_endpoints(foreign, platform.made["secret"]) == [event]
    assert of_endpoints(leaving, endpoint.made["secret"]) == [], "it is not told of its own end"
    url = f"{api.url}{FEED}/stream?types={DISABLED}"
    async with event_source(url, api.merchant.credential(), last_id=await beginning(api)) as source:
        assert (await source.message()).data == event


async def beginning(api: Api) -> str:
    """Return the cursor of the feed's first place."""
    first = done(await api.merchant.get(FEED, {"limit": 1}))
    assert first["events"][0]["type"] == "entry.opened"
    return str(first["next_cursor"])


async def test_one_that_fails_for_five_days_of_a_test_clock_is_told_of_by_that_clock(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    await in_test_mode(api.platform, now="2021-03-15T09:00:00Z")
    async with receiving(Answering(500)) as bad, receiving(Answering()) as good, working(api):
        failing = await subscribing.endpoint(bad)
        other = await subscribing.endpoint(good, event_types=[DISABLED])
        await opened(api)

        async def queued(endpoint: Endpoint) -> bool:
            return bool(await endpoint.deliveries())

        await until(lambda: queued(failing))
        await subscribing.send()
        assert await in_feed(api) == []
        await advanced(api.platform, SHOP, by_seconds=5 * 86_400)
        await subscribing.send()
        await until(lambda: queued(other))
        await subscribing.send()
        (event,) = await in_feed(api)
    stopped = await api.resources.pool.fetch(
        "SELECT reader FROM after_sales.checkpoints WHERE error IS NOT NULL"
    )
    assert stopped == [], "every reader of a worker passes by, if it is not for it"
    assert (event["data"]["disabled_reason"], event["test_mode"]) == ("failing_too_long", True)
    assert instant(event["timestamp"]) == instant("2021-03-20T09:00:00Z")
    assert of_endpoints(good, other.made["secret"]) == [event]


async def test_workers_that_race_to_disable_an_endpoint_write_one_event(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    async with receiving(gone()) as leaving, receiving(Answering()) as good:
        endpoint = await subscribing.endpoint(leaving)
        other = await subscribing.endpoint(good, event_types=[DISABLED])
        await subscribing.tell(*range(6))
        workers = [subscribing.new_worker() for _ in range(3)]
        await asyncio.gather(*(worker.run_once() for worker in workers))
        await asyncio.gather(
            *(
                disable_endpoint(
                    *(api.resources.pool, seal_of(api), Owner(SHOP), UUID(endpoint.endpoint_id)),
                    DisabledReason.GONE,
                    now=api.clock.now(),
                    test_mode=False,
                )
                for _ in range(8)
            )
        )
        assert len(await logged(api)) == 1
        await subscribing.follow()
        await subscribing.send()
    assert len(of_endpoints(good, other.made["secret"])) == 1


class GivenUpError(Exception):
    """Whoever changed an endpoint thought better of it."""


async def test_an_endpoint_is_disabled_and_told_of_together_or_not_at_all(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    async with receiving(Answering()) as receiver:
        endpoint = await subscribing.endpoint(receiver)
    with pytest.raises(GivenUpError):
        async with api.resources.pool.acquire() as connection, connection.transaction():
            change = Change(
                connection=connection,
                seal=seal_of(api),
                owner=Owner(SHOP),
                actor=Actor(role=Role.MERCHANT, id="tests"),
                at=api.clock.now(),
                test_mode=False,
                correlation_id="tests",
            )
            disabled = await change.disable(UUID(endpoint.endpoint_id), DisabledReason.BY_OWNER)
            assert disabled.disabled is not None
            raise GivenUpError
    assert (await endpoint.now())["enabled"]
    assert await logged(api) == []
    await endpoint.post("disable", status=200)
    assert len(await logged(api)) == 1


def seal_of(api: Api) -> Seal:
    """Return what the service keeps secrets with."""
    seal = api.app.state.services.seal
    assert isinstance(seal, Seal)
    return seal


async def test_what_its_owner_does_with_an_endpoint_is_told_too_and_nothing_twice(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    async with receiving(Answering()) as receiver:
        endpoint = await subscribing.endpoint(receiver)
        for what in ("disable", "disable", "enable", "enable", "disable", "enable"):
            await endpoint.post(what, status=200)
        stale = await api.merchant.post(f"{endpoint.path}/disable", if_match='"1"')
        assert stale.status_code == 412
        events = await in_feed(api)
        assert [(one["type"], one["version"]) for one in events] == [
            (DISABLED, 1),
            (ENABLED, 2),
            (DISABLED, 3),
            (ENABLED, 4),
        ]
        reasons = [one["data"]["disabled_reason"] for one in events]
        assert reasons == ["by_owner", None, "by_owner", None]
        assert {one["caused_by"] for one in events} == {"merchant"}
        await subscribing.follow()
        await subscribing.send()
    heard = of_endpoints(receiver, endpoint.made["secret"])
    assert heard == events[-1:], "what happened before it was enabled at last is not for it"


@pytest.mark.parametrize("path", [ENDPOINTS, OF_PLATFORM])
async def test_a_test_names_the_same_stream_as_the_events_of_its_endpoint(
    subscribing: Subscribing, path: str
) -> None:
    api = subscribing.api
    async with receiving(Answering()) as receiver:
        endpoint = await subscribing.endpoint(receiver, path=path)
        for what in ("disable", "enable", "disable", "enable"):
            await endpoint.post(what, status=200)
        await endpoint.post("test", status=202)
        await subscribing.send()
    test = verified(receiver.requests[-1], endpoint.made["secret"])
    if path == OF_PLATFORM:
        assert test["stream_id"] == f"webhook_endpoint/platform/{endpoint.endpoint_id}"
        assert await in_feed(api) == []
    else:
        newest = (await in_feed(api))[-1]
        assert (test["stream_id"], test["version"]) == (newest["stream_id"], newest["version"])


async def test_what_may_be_secret_in_a_url_is_told_to_nobody(subscribing: Subscribing) -> None:
    async with receiving(Answering()) as receiver:
        url = f"{receiver.url('127.0.0.1')}?token=of-the-receiver"
        endpoint = await subscribing.endpoint(receiver, url=url)
        await endpoint.post("disable", status=200)
        (event,) = await in_feed(subscribing.api)
        assert event["data"]["url"] == receiver.url("127.0.0.1")
        rows = await subscribing.api.resources.pool.fetch("SELECT data FROM after_sales.events")
    assert "of-the-receiver" not in "".join(row["data"] for row in rows)


async def test_views_made_anew_say_the_same_and_send_nothing(subscribing: Subscribing) -> None:
    api = subscribing.api
    async with receiving(gone()) as leaving, receiving(Answering()) as good:
        await subscribing.endpoint(leaving)
        await subscribing.endpoint(good)
        await subscribing.tell(1)
        await subscribing.send()
        await subscribing.follow()
        await subscribing.send()
        before, sent = await in_feed(api), len(good.requests)
        assert sent == 2
        for reader in READERS:
            await Rebuild(pool=api.resources.pool, codec=event_codec(), reader=reader).run()
        await subscribing.follow()
        assert await subscribing.send() == 0
        assert await in_feed(api) == before
    assert len(good.requests) == sent


async def test_endpoints_that_come_and_go_leave_no_gap_in_a_log_that_others_write(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    async with receiving(Answering()) as receiver:
        endpoints = [await subscribing.endpoint(receiver) for _ in range(3)]

        async def flip(endpoint: Endpoint) -> None:
            for what in ("disable", "enable") * 5:
                await endpoint.post(what, status=200)

        orders = (opened(api, f"order-{number}") for number in range(20))
        await asyncio.gather(*orders, *map(flip, endpoints))
    rows = await api.resources.pool.fetch(
        "SELECT e.partition_id, count(*) AS events, max(e.position) AS last, h.position AS head"
        " FROM after_sales.events AS e JOIN after_sales.log_heads AS h USING (partition_id)"
        " GROUP BY e.partition_id, h.position"
    )
    assert all(row["events"] == row["last"] == row["head"] for row in rows)
    assert len(await logged(api)) == 3 * 10


async def test_the_platforms_endpoints_belong_to_no_feed_and_send_each_other_a_notice(
    subscribing: Subscribing,
) -> None:
    api = subscribing.api
    told_one, deaf_one = receiving(Answering()), receiving(Answering())
    async with receiving(gone()) as leaving, told_one as told, deaf_one as deaf:
        orders = ["entry.opened"]
        endpoint = await subscribing.endpoint(leaving, path=OF_PLATFORM)
        other = await subscribing.endpoint(told, path=OF_PLATFORM, event_types=[DISABLED])
        await subscribing.endpoint(deaf, path=OF_PLATFORM, event_types=orders)
        await subscribing.endpoint(deaf, event_types=orders)
        await subscribing.tell(1)
        await subscribing.send()
        await endpoint.post("enable", status=200)
        await endpoint.post("disable", status=200)
        await subscribing.follow()
        await subscribing.send()
    (notice,) = of_endpoints(told, other.made["secret"])
    assert notice["data"] == {
        "endpoint_id": endpoint.endpoint_id,
        "url": leaving.url("127.0.0.1"),
        "disabled_reason": "gone",
    }
    assert (notice["type"], notice["shop_id"]) == (DISABLED, None)
    assert {json.loads(one.body)["type"] for one in deaf.requests} == {"entry.opened"}
    assert await logged(api) == []
    assert await in_feed(api) == []


async def test_a_shop_that_only_tried_endpoints_can_still_be_given_a_test_clock(
    subscribing: Subscribing,
) -> None:
    async with receiving(Answering()) as receiver:
        endpoint = await subscribing.endpoint(receiver)
        await endpoint.post("disable", status=200)
    await in_test_mode(subscribing.api.platform, now="2021-03-15T09:00:00Z")
    await endpoint.post("enable", status=200)
    assert [one["test_mode"] for one in await in_feed(subscribing.api)] == [False, True]
