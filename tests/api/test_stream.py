"""The inbox as a live stream, over real sockets: nothing lost, nothing doubled, nobody else's."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.types import Message

from app.access.authentication import consumer_token_keys, sign_consumer_token
from app.access.keys import create_key, end_key
from app.api.sse.response import EventStream, block
from app.cli.listening import listen, make_server, serve_until, url_of
from app.clock import ManualClock
from app.event_store.recorded_event import Role
from app.event_types.registry import event_codec
from app.main import build_app
from app.notifications.inbox import NotificationsReader
from app.projections.rebuild import Rebuild
from app.resources import Resources
from app.settings import Settings
from tests.support.api import BUYER, OTHER_BUYER, SHOP, Api, api_settings, running_api, until
from tests.support.event_source import event_source
from tests.support.serving import process
from tests.support.story import applied, done, opened, problem

INBOX = f"/v1/shops/{SHOP}/notifications"
STREAM = f"{INBOX}/stream"
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def api(settings: Settings, clock: ManualClock, resources: Resources) -> AsyncIterator[Api]:
    """Serve the application with few streams and quick heartbeats."""
    few = api_settings(
        settings, streams_max=4, streams_per_caller_max=2, stream_heartbeat_seconds=0.05
    )
    async with running_api(few, clock, resources) as running:
        yield running


async def tell(api: Api, *numbers: int) -> None:
    """Have the buyer told of opened entries, one after the other."""
    for number in numbers:
        await opened(api, f"order-{number}")
    await api.follow()


async def test_a_message_arrives_while_the_stream_is_open_in_the_words_of_the_list(
    api: Api,
) -> None:
    await tell(api, 1)
    async with event_source(f"{api.url}{STREAM}", api.token(), language="zh-CN") as source:
        head = source.answer.headers
        assert head["content-type"].startswith("text/event-stream")
        assert (head["cache-control"], head["x-accel-buffering"]) == ("no-store", "no")
        assert (head["content-language"], head["x-request-id"]) != ("en", "")
        first = await source.block()
        assert first is not None
        assert "data" not in first.fields, "what was there before is not sent"
        assert 2_000 <= int(first.fields["retry"]) <= 5_000

        await tell(api, 2, 3)
        sent = await source.messages(2)
    page = done(await api.consumer().get(INBOX, headers={"Accept-Language": "zh-CN"}))
    newest, older, before = page["notifications"]
    assert [one.data for one in sent] == [older, newest]
    assert [one.fields["event"] for one in sent] == ["notification"] * 2
    assert first.id < sent[0].id < sent[1].id
    assert [one.id for one in sent] == [older["position"], newest["position"]]
    assert before["position"] <= first.id


async def test_a_client_that_comes_back_gets_what_it_missed_once_and_in_order(api: Api) -> None:
    url = f"{api.url}{STREAM}"
    async with event_source(url, api.token()) as source:
        await source.block()
        await tell(api, 1, 2, 3)
        seen = [(await source.message()).id]
        last_id = source.last_id
    await tell(api, 4)
    async with event_source(url, api.token(), last_id=last_id) as source:
        seen += [one.id for one in await source.messages(3)]
        await tell(api, 5)
        seen.append((await source.message()).id)
    page = done(await api.consumer().get(INBOX))
    assert seen == [one["position"] for one in reversed(page["notifications"])]

    # Clients that cannot set the header name it in the query; the header is newer.
    async with event_source(f"{url}?last_event_id={seen[2]}", api.token()) as source:
        assert [one.id for one in await source.messages(2)] == seen[3:]
    async with event_source(
        f"{url}?last_event_id={seen[0]}", api.token(), last_id=seen[3]
    ) as source:
        assert (await source.message()).id == seen[4]


async def test_the_end_of_a_list_is_where_a_stream_goes_on(api: Api) -> None:
    await tell(api, 1)
    page = done(await api.consumer().get(INBOX))
    await tell(api, 2)
    url = f"{api.url}{STREAM}"
    async with event_source(url, api.token(), last_id=page["current_to"]) as source:
        assert (await source.message()).data["order_id"] == "order-2"


async def test_a_backlog_of_many_pages_comes_whole(api: Api) -> None:
    await tell(api, 1)
    await api.resources.pool.execute(
        """
        INSERT INTO after_sales.notifications
            (partition_id, notification_id, position, shop_id, order_id, recipient_role,
             recipient_id, template, params, created_at)
        SELECT n.partition_id, gen_random_uuid(), n.position + g, n.shop_id, n.order_id,
               n.recipient_role, n.recipient_id, n.template, n.params, n.created_at
        FROM after_sales.notifications AS n, generate_series(1, 250) AS g
        """
    )
    async with event_source(f"{api.url}{STREAM}", api.token(), last_id=0) as source:
        ids = [one.id for one in await source.messages(251)]
    assert ids == list(range(ids[0], ids[0] + 251))


async def test_an_inbox_made_anew_under_a_stream_repeats_nothing(api: Api) -> None:
    async with event_source(f"{api.url}{STREAM}", api.token()) as source:
        await source.block()
        await tell(api, 1)
        first = await source.message()
        rebuild = Rebuild(
            pool=api.resources.pool, codec=event_codec(), reader=NotificationsReader()
        )
        await rebuild.run()
        await tell(api, 2)
        second = await source.message()
    assert [one.data["order_id"] for one in (first, second)] == ["order-1", "order-2"]


async def test_who_does_not_read_is_left_and_makes_room() -> None:
    let_go, stuck = asyncio.Event(), asyncio.Event()
    held = ExitStack()
    held.callback(let_go.set)

    async def blocks() -> AsyncGenerator[bytes]:
        yield block(id_=1)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await stuck.wait()

    async def receive() -> Message:
        await stuck.wait()
        return {"type": "http.disconnect"}

    stream = EventStream(blocks(), held, {}, send_seconds_max=0.01)
    await stream({}, receive, send)
    assert let_go.is_set()


async def test_everybody_hears_of_their_own_and_of_nothing_else(api: Api) -> None:
    url = f"{api.url}{STREAM}"
    merchant = api.merchant.credential()
    assert merchant is not None
    async with (
        event_source(url, api.token()) as own,
        event_source(url, api.token(OTHER_BUYER)) as other,
        event_source(url, merchant) as shop,
    ):
        for source in (own, other, shop):
            await source.block()
        await applied(api)
        await opened(api, "order-2", buyer_id=OTHER_BUYER)
        await api.follow()
        assert (await own.message()).data["template"] == "entry_opened"
        assert (await shop.message()).data["template"] == "ticket_created"
        assert (await other.message()).data["order_id"] == "order-2"
        await tell(api, 3)
        assert (await own.message()).data["order_id"] == "order-3"


async def test_a_quiet_stream_says_that_it_is_still_there_and_holds_no_connection(
    api: Api,
) -> None:
    async with event_source(f"{api.url}{STREAM}", api.token()) as source:
        await source.block()
        for _ in range(3):
            block = await source.block()
            assert block is not None
            assert (block.comments, block.fields) == ((": still here",), {})
        pool = api.app.state.services.resources.pool
        assert pool.get_idle_size() == pool.get_size()


async def test_a_stream_ends_when_the_token_does(api: Api) -> None:
    async with event_source(f"{api.url}{STREAM}", api.token(life=2 * MINUTE)) as source:
        await source.block()
        api.clock.advance(MINUTE)
        await tell(api, 1)
        await source.message()
        api.clock.advance(MINUTE)
        await source.end()
    async with event_source(f"{api.url}{STREAM}", "nonsense") as source:
        assert source.answer.status_code == 401


async def test_a_stream_ends_when_the_key_is_revoked(api: Api) -> None:
    pool = api.resources.pool
    key = await create_key(pool, role=Role.MERCHANT, shop_id=SHOP, name="stream")
    async with event_source(f"{api.url}{STREAM}", key) as source:
        await source.block()
        await end_key(pool, key.split("_")[1], api.clock.now())
        api.clock.advance(timedelta(seconds=5))
        await source.end()


async def test_there_are_only_so_many_streams_and_a_closed_one_makes_room(api: Api) -> None:
    url = f"{api.url}{STREAM}"

    async def refused(credential: str) -> str:
        async with event_source(url, credential) as source:
            return str(source.answer.json()["code"])

    async with AsyncExitStack() as stack:
        kept = []

        async def another(buyer_id: str) -> None:
            source = await stack.enter_async_context(event_source(url, api.token(buyer_id)))
            assert source.answer.status_code == 200
            await source.block()
            kept.append(source)  # or its connection would be closed with it

        async with event_source(url, api.token()) as first:
            await first.block()
            await another(BUYER)
            assert await refused(api.token()) == "too_many_streams"
            await another(OTHER_BUYER)
            await another(OTHER_BUYER)
            assert await refused(api.token("buyer-3")) == "overloaded"
            assert "aftersales_open_streams 4.0" in (await api.client.get("/metrics")).text

        async def gone() -> bool:
            return "aftersales_open_streams 3.0" in (await api.client.get("/metrics")).text

        await until(gone)
        await another(BUYER)


async def test_where_a_stream_cannot_begin_is_said(api: Api) -> None:
    consumer = api.consumer()
    for nonsense in ("x", "-1", "1.5", "9" * 20):
        answer = await consumer.get(STREAM, headers={"Last-Event-ID": nonsense})
        problem(answer, 422, "request_invalid")
        problem(await consumer.get(STREAM, {"last_event_id": nonsense}), 422, "request_invalid")
    answer = await consumer.get(STREAM, headers={"Last-Event-ID": "9" * 19})
    problem(answer, 422, "cursor_invalid")
    problem(await consumer.get(STREAM, {"since": "1"}), 422, "request_invalid")
    problem(await api.platform.get(STREAM), 403, "role_not_allowed")
    problem(await api.other_merchant.get(STREAM), 404, "not_found")


async def test_a_server_that_stops_ends_its_streams_at_once(
    settings: Settings, clock: ManualClock, resources: Resources, api: Api
) -> None:
    server, stop = make_server(build_app(api_settings(settings), clock)), asyncio.Event()
    listener = listen("127.0.0.1", 0)
    serving = asyncio.create_task(serve_until(server, listener, stop))
    async with event_source(f"{url_of(listener)}{STREAM}", api.token()) as source:
        await source.block()
        stop.set()
        assert await source.block() is None
    await serving
    assert server.server_state.total_requests == 1
    assert not server.force_exit


async def test_a_stream_broken_off_by_a_killed_process_goes_on_at_another(
    api: Api, resources: Resources, tmp_path: Path
) -> None:
    settings = api_settings(resources.settings)
    token = sign_consumer_token(
        consumer_token_keys(settings),
        buyer_id=BUYER,
        shop_id=SHOP,
        now=datetime.now(UTC),
        life=timedelta(hours=1),
    )
    async with (
        process(resources.database_url, tmp_path / "one") as (one, killed),
        process(resources.database_url, tmp_path / "other") as (other, _),
    ):
        async with event_source(f"{one.base_url}{STREAM}", token) as source:
            await source.block()
            await tell(api, 1, 2)
            seen = [(await source.message()).id for _ in range(2)]
            killed.kill()
            killed.wait()
            last_id = source.last_id
        await tell(api, 3)
        async with event_source(f"{other.base_url}{STREAM}", token, last_id=last_id) as source:
            seen.append((await source.message()).id)
            await tell(api, 4)
            seen.append((await source.message()).id)
    page = done(await api.consumer().get(INBOX))
    assert seen == [message["position"] for message in reversed(page["notifications"])]
