"""The feed of public events: from any point on, in order, by cursor, waiting if asked to."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from app.access.keys import create_key, end_key
from app.api.cursors import feed_cursor_of
from app.clock import ManualClock
from app.event_store.recorded_event import Role
from app.event_store.streams import partition_of
from app.event_types.registry import event_codec
from app.projections.rebuild import Rebuild
from app.reactions.public_types import EventType
from app.resources import Resources
from app.settings import Settings
from app.webhooks.feed import queries
from app.webhooks.feed.reader import PublicEventsReader
from tests.support.api import OTHER_SHOP, SHOP, Api, api_settings, running_api, until
from tests.support.event_source import event_source
from tests.support.story import applied, done, opened, problem

FEED = f"/v1/shops/{SHOP}/events"
STREAM = f"{FEED}/stream"


@pytest.fixture
async def api(settings: Settings, clock: ManualClock, resources: Resources) -> AsyncIterator[Api]:
    """Serve the application with few streams and quick heartbeats."""
    few = api_settings(
        settings, streams_max=4, streams_per_caller_max=2, stream_heartbeat_seconds=0.05
    )
    async with running_api(few, clock, resources) as running:
        yield running


async def happen(api: Api, *numbers: int) -> None:
    """Let an entry be opened and applied through, order after order: two events each."""
    for number in numbers:
        await applied(api, f"order-{number}")
    await api.follow()


async def everything(api: Api, **query: Any) -> list[dict[str, Any]]:
    """Read the feed page by page to its end."""
    found, after, more = [], None, True
    while more:
        asked = query | ({} if after is None else {"after": after})
        page = done(await api.merchant.get(FEED, asked))
        found += page["events"]
        after, more = page["next_cursor"], page["has_more"]
    return found


async def test_the_feed_gives_what_happened_in_order_with_the_state_after_each(api: Api) -> None:
    await happen(api, 1, 2)
    page = done(await api.merchant.get(FEED))
    assert not page["has_more"]
    assert [(event["type"], event["data"]["order"]["order_id"]) for event in page["events"]] == [
        ("entry.opened", "order-1"),
        ("ticket.created", "order-1"),
        ("entry.opened", "order-2"),
        ("ticket.created", "order-2"),
    ]
    first, second = page["events"][:2]
    assert first["data"]["order"]["entry"]["used"] is False, "as it was then"
    assert second["data"]["order"]["entry"]["used"] is True
    assert second["data"]["ticket"]["state"] == "pending_merchant"
    assert (first["stream_id"], first["caused_by"]) == (f"order/{SHOP}/order-1", "merchant")
    assert first["version"] < second["version"]
    assert first["api_version"] == "2026-11-01"


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
async def test_pages_of_any_length_come_to_the_same(api: Api, limit: int) -> None:
    await happen(api, 1, 2, 3)
    events = await everything(api, limit=limit)
    assert events == await everything(api)
    assert len({event["id"] for event in events}) == len(events) == 6


async def test_a_cursor_kept_is_good_for_ever_and_the_beginning_always_there(api: Api) -> None:
    await happen(api, 1)
    first = done(await api.merchant.get(FEED))
    again = done(await api.merchant.get(FEED, {"after": first["next_cursor"]}))
    assert (again["events"], again["has_more"]) == ([], False)
    await happen(api, 2)
    later = done(await api.merchant.get(FEED, {"after": first["next_cursor"]}))
    assert later == done(await api.merchant.get(FEED, {"after": again["next_cursor"]}))
    assert done(await api.merchant.get(FEED))["events"] == first["events"] + later["events"]


async def test_who_begins_with_the_latest_gets_what_comes_from_then_on(api: Api) -> None:
    await happen(api, 1)
    latest = done(await api.merchant.get(FEED, {"after": "latest"}))
    assert (latest["events"], latest["has_more"]) == ([], False)
    await happen(api, 2)
    page = done(await api.merchant.get(FEED, {"after": latest["next_cursor"]}))
    assert [event["data"]["order"]["order_id"] for event in page["events"]] == ["order-2"] * 2


async def test_only_the_types_asked_for_are_given_and_the_rest_is_passed_over(api: Api) -> None:
    await happen(api, 1, 2)
    whole = await everything(api)
    opened_only = await everything(api, types="entry.opened", limit=1)
    assert opened_only == [event for event in whole if event["type"] == "entry.opened"]
    both = await everything(api, types=["entry.opened", "ticket.created"])
    assert both == whole
    page = done(await api.merchant.get(FEED, {"types": "deposit.below_required"}))
    assert (page["events"], page["has_more"]) == ([], False)
    await happen(api, 3)
    rest = done(await api.merchant.get(FEED, {"after": page["next_cursor"]}))
    assert len(rest["events"]) == 2, "a search without result has come to the end"


async def test_a_search_through_very_many_events_goes_on_where_it_stopped(api: Api) -> None:
    await happen(api, 1)
    await api.resources.pool.execute(
        """
        INSERT INTO after_sales.public_events
            (partition_id, position, ordinal, shop_id, type, event_id, body)
        SELECT p.partition_id, g, 7, p.shop_id, 'entry.expired', gen_random_uuid(), p.body
        FROM after_sales.public_events AS p, generate_series(-$1::bigint, -1) AS g
        WHERE p.type = 'entry.opened'
        """,
        2 * queries.SCANNED_MAX,
    )
    after = queries.Place(-3 * queries.SCANNED_MAX, 0)
    looks, more = 0, True
    found: list[queries.FedEvent] = []
    while more:
        wanted = queries.Wanted(after=after, types=[EventType.TICKET_CREATED], limit=5)
        page = await queries.read_shop_feed(api.resources.pool, SHOP, wanted)
        looks, after, more = looks + 1, page.next, page.more
        found += page.events
    assert (looks, [event.type for event in found]) == (3, ["ticket.created"])


async def test_who_waits_gets_it_when_it_happens(api: Api) -> None:
    latest = done(await api.merchant.get(FEED, {"after": "latest"}))["next_cursor"]
    waiting = asyncio.create_task(api.merchant.get(FEED, {"after": latest, "wait": 30}))
    await until(lambda: _streams(api, 1))
    assert api.resources.pool.get_size() == api.resources.pool.get_idle_size(), "nothing held"
    await happen(api, 1)
    page = done(await waiting)
    assert page["events"][0]["type"] == "entry.opened"
    await until(lambda: _streams(api, 0))


async def test_who_waits_for_one_type_is_not_answered_with_another(api: Api) -> None:
    query = {"types": "ticket.created", "wait": 30}
    waiting = asyncio.create_task(api.merchant.get(FEED, query))
    await until(lambda: _streams(api, 1))
    await opened(api, "order-7")
    await api.follow()
    await happen(api, 8)
    assert [event["type"] for event in done(await waiting)["events"]] == ["ticket.created"]


async def test_who_waits_in_vain_is_told_where_to_go_on(api: Api) -> None:
    await happen(api, 1)
    query = {"types": "entry.expired", "wait": 1}
    page = done(await api.merchant.get(FEED, query))
    assert (page["events"], page["has_more"]) == ([], False)
    assert page["next_cursor"] == done(await api.merchant.get(FEED))["next_cursor"]


async def test_waiting_ends_with_the_key(api: Api) -> None:
    key = await create_key(api.resources.pool, role=Role.MERCHANT, shop_id=SHOP, name="short")
    waiting = asyncio.create_task(api.bearer(key).get(FEED, {"wait": 30}))
    await until(lambda: _streams(api, 1))
    await end_key(api.resources.pool, key.split("_")[1], api.clock.now())
    api.clock.advance(timedelta(minutes=1))
    problem(await waiting, 401, "unauthenticated")


async def test_no_caller_waits_more_often_at_a_time_than_allowed(api: Api) -> None:
    waiting = [asyncio.create_task(api.merchant.get(FEED, {"wait": 30})) for _ in range(2)]
    await until(lambda: _streams(api, 2))
    problem(await api.merchant.get(FEED, {"wait": 1}), 429, "too_many_streams")
    await happen(api, 1)
    answers = await asyncio.gather(*waiting)
    assert all(done(answer)["events"] for answer in answers)


async def _streams(api: Api, number: int) -> bool:
    metrics = await api.platform.get("/metrics")
    return f"aftersales_open_streams {float(number)}" in metrics.text


@pytest.mark.parametrize(
    "after",
    [
        "",
        "no cursor",
        "WzFd",
        "WyJzaG9wLTIiLDEsMF0",  # of shop-2
        "WyJzaG9wLTEiLDk5OTk5OSwwXQ",  # of shop-1, far beyond the end of the log
        "WyJzaG9wLTEiLC0xLDBd",  # before the beginning
        "WyJzaG9wLTEiLDEsOTk5OTk5XQ",
    ],
)
async def test_what_is_no_cursor_of_this_feed_is_refused(api: Api, after: str) -> None:
    await happen(api, 1)
    problem(await api.merchant.get(FEED, {"after": after}), 422, "cursor_invalid")
    if after:
        problem(await api.merchant.get(STREAM, {"last_event_id": after}), 422, "cursor_invalid")


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 201}, {"wait": 31}, {"wait": -1}, {"types": "entry.opend"}, {"a": 1}],
)
async def test_what_the_feed_does_not_know_is_refused(api: Api, query: dict[str, Any]) -> None:
    problem(await api.merchant.get(FEED, query), 422, "request_invalid")


async def test_nobody_reads_another_shops_events(api: Api) -> None:
    await happen(api, 1)
    for path in (FEED, STREAM):
        problem(await api.other_merchant.get(path), 404, "not_found")
        problem(await api.nobody.get(path), 401, "unauthenticated")
        problem(await api.consumer().get(path), 403, "role_not_allowed")
    other = done(await api.other_merchant.get(f"/v1/shops/{OTHER_SHOP}/events"))
    assert other["events"] == []
    assert done(await api.platform.get(FEED))["events"], "the platform reads any shop's"


async def test_the_stream_gives_the_same_and_each_goes_on_where_the_other_ended(api: Api) -> None:
    await happen(api, 1, 2)
    whole = await everything(api)
    first = done(await api.merchant.get(FEED, {"limit": 1}))
    url, key = f"{api.url}{STREAM}", api.merchant.credential()
    async with event_source(url, key, last_id=first["next_cursor"]) as source:
        assert source.answer.headers["content-type"].startswith("text/event-stream")
        sent = await source.messages(2)
    assert [block.data for block in sent] == whole[1:3]
    assert [block.fields["event"] for block in sent] == [event["type"] for event in whole[1:3]]
    rest = done(await api.merchant.get(FEED, {"after": sent[-1].fields["id"]}))
    assert rest["events"] == whole[3:]

    both = f"{url}?types=ticket.created&types=entry.opened"
    async with event_source(both, key, last_id=first["next_cursor"]) as source:
        assert [block.data for block in await source.messages(3)] == whole[1:]

    async with event_source(url, key) as source:
        await source.block()
        await happen(api, 3)
        assert (await source.message()).data["data"]["order"]["order_id"] == "order-3"


async def test_a_stream_of_rare_types_says_now_and_then_how_far_it_has_come(api: Api) -> None:
    await happen(api, 1)
    url = f"{api.url}{STREAM}?types=entry.expired"
    async with event_source(
        url, api.merchant.credential(), last_id=feed_cursor_of(SHOP, queries.BEGINNING)
    ) as source:
        begins = await source.block()
        assert begins is not None
        while (later := await source.block()) is not None and "id" not in later.fields:
            pass
        assert later is not None
    assert later.fields["id"] == done(await api.merchant.get(FEED))["next_cursor"]


async def test_a_feed_made_anew_is_the_same_to_the_byte_and_repeats_nothing(api: Api) -> None:
    await happen(api, 1, 2)
    before = await api.merchant.get(FEED)
    kept = await _rows(api)
    rebuild = Rebuild(
        pool=api.resources.pool,
        codec=event_codec(),
        reader=PublicEventsReader(),
        batch_events_max=3,
    )
    await rebuild.run([partition_of(SHOP)])
    assert await _rows(api) == kept
    assert (await api.merchant.get(FEED)).content == before.content
    cursor = before.json()["next_cursor"]
    assert done(await api.merchant.get(FEED, {"after": cursor}))["events"] == []


async def _rows(api: Api) -> list[dict[str, Any]]:
    rows = await api.resources.pool.fetch(
        "SELECT * FROM after_sales.public_events ORDER BY partition_id, position, ordinal"
    )
    return [dict(row) for row in rows]
