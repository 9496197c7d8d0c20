"""The database goes away under the running service, and comes back."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta

import httpx
import pytest

from app.clock import ManualClock
from app.migrate import migrate
from app.postgres.embedded.postgres import PostgresServer, temporary_postgres
from app.resources import open_resources
from app.settings import Settings
from tests.support.api import SHOP, Api, api_settings, running_api, until
from tests.support.event_source import event_source
from tests.support.story import (
    OPEN,
    a_refund,
    an_order,
    applied,
    done,
    opened,
    orders_of,
    problem,
    received,
)

PATIENCE_SECONDS = 20
"""More than any answer may take while the database is away; else the test fails."""


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """Run a server that only this test uses, and may stop."""
    with temporary_postgres() as running:
        yield running


@pytest.fixture
async def lonely(server: PostgresServer, clock: ManualClock) -> AsyncIterator[Api]:
    """Serve the application on a database that only this test uses."""
    await migrate(server.url())
    settings = api_settings(
        Settings(_env_file=None, database_url=server.url(), connect_timeout_seconds=2)
    )
    async with (
        open_resources(settings, clock) as resources,
        running_api(settings, clock, resources) as running,
    ):
        yield running


@pytest.mark.parametrize("end", [PostgresServer.stop, PostgresServer.kill])
async def test_while_the_database_is_away_everything_says_so_and_then_goes_on_as_before(
    lonely: Api, server: PostgresServer, end: Callable[[PostgresServer], None]
) -> None:
    order = await opened(lonely)
    before = await lonely.contents()
    await asyncio.to_thread(end, server)
    async with asyncio.timeout(PATIENCE_SECONDS):
        for answer in await asyncio.gather(*_all_kinds_of_requests(lonely, order)):
            found = problem(answer, 503, "database_unavailable")
            assert found["repeatable"] is True
            assert answer.headers["retry-after"] == "1"
            assert "postgres" not in answer.text.lower()
        done(await lonely.client.get("/livez"))
    assert (await lonely.client.get("/openapi.json")).status_code == 200
    await asyncio.to_thread(server.start)
    await until(lambda: _answers(lonely, "/readyz"))
    await until(lambda: _answers(lonely, order))
    assert await lonely.contents() == before
    done(await lonely.merchant.get(orders_of()))
    ticket = await lonely.consumer().post(f"{order}/refund-requests", a_refund(), key="refund")
    done(ticket, 201)
    assert "idempotency-replayed" not in ticket.headers


async def test_a_stream_ends_with_the_database_and_goes_on_where_it_was(
    lonely: Api, server: PostgresServer
) -> None:
    url = f"{lonely.url}/v1/shops/{SHOP}/notifications/stream"
    async with event_source(url, lonely.merchant.credential()) as source:
        await source.block()
        await applied(lonely)
        await lonely.follow()
        first = await source.message()
        await asyncio.to_thread(server.stop)
        # The key is looked up again, which is when it shows that there is no database.
        lonely.clock.advance(timedelta(minutes=1))
        await source.end()
    async with event_source(url, lonely.merchant.credential(), last_id=first.id) as source:
        assert source.answer.json()["code"] == "database_unavailable"
    await asyncio.to_thread(server.start)
    await until(lambda: _answers(lonely, "/readyz"))
    await applied(lonely, "order-2")
    await lonely.follow()
    async with event_source(url, lonely.merchant.credential(), last_id=first.id) as source:
        assert (await source.message()).data["order_id"] == "order-2"


async def test_lines_of_an_import_say_so_one_by_one_and_can_be_sent_again(
    lonely: Api, server: PostgresServer
) -> None:
    await received(lonely)
    await asyncio.to_thread(server.stop)
    lines = b"\n".join(json.dumps(an_order(f"order-{number}")).encode() for number in (1, 2, 3))
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await _imported(lonely, lines) == [(503, "database_unavailable")] * 3
        named = {**OPEN, "order_ids": ["order-1"]}
        bulk = await lonely.merchant.post(f"/v1/shops/{SHOP}/after-sales-entries/open", named)
    problem(bulk, 503, "database_unavailable")
    await asyncio.to_thread(server.start)
    await until(lambda: _answers(lonely, "/readyz"))

    async def taken() -> bool:
        codes = {code for _, code in await _imported(lonely, lines)}
        assert codes <= {None, "database_unavailable"}
        return codes == {None}

    await until(taken)
    assert await _imported(lonely, lines) == [(200, None)] * 3


async def test_a_kill_amid_writes_leaves_each_request_done_once_or_not_at_all(
    lonely: Api, server: PostgresServer
) -> None:
    first: dict[int, httpx.Response] = {}
    numbers, some = itertools.count(), asyncio.Event()

    async def write_until_refused() -> None:
        for number in numbers:
            first[number] = await _register(lonely, number)
            if first[number].status_code != 201:
                problem(first[number], 503, "database_unavailable")
                return
            if len(first) > 30:
                some.set()

    writing = [asyncio.create_task(write_until_refused()) for _ in range(16)]
    await some.wait()
    await asyncio.to_thread(server.kill)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*writing)
    await asyncio.to_thread(server.start)
    await until(lambda: _answers(lonely, "/readyz"))
    lonely.clock.advance(timedelta(minutes=1))
    again = await asyncio.gather(*(_until_written(lonely, number) for number in first))
    for told, repeated in zip(first.values(), again, strict=True):
        if told.status_code == 201:
            assert repeated.headers["idempotency-replayed"] == "true"
            assert repeated.content == told.content
    pool = lonely.resources.pool
    events = await pool.fetchval("SELECT count(*) FROM after_sales.events")
    positions = await pool.fetchval("SELECT sum(position) FROM after_sales.log_heads")
    assert events == positions == len(first)


def _all_kinds_of_requests(api: Api, order: str) -> "list[asyncio.Task[httpx.Response]]":
    consumer, fact = api.consumer(), {"shipped_at": "2021-03-02T04:00:00Z"}
    requests = (
        *(api.merchant.get(path) for path in (order, f"{order}/after-sales-entry", orders_of())),
        *(api.merchant.get(f"/v1/shops/{SHOP}/{name}") for name in ("tickets", "notifications")),
        api.merchant.get(f"/v1/shops/{SHOP}/tickets/order-1-1"),
        api.platform.post(orders_of(), an_order("order-2"), key="register"),
        api.platform.post(f"{order}/shipment", fact),
        api.merchant.post(f"{order}/after-sales-entry/open", OPEN),
        consumer.post(f"{order}/refund-requests", a_refund(), key="refund"),
        api.bearer("ask_000000000000000000_never-seen").get(order),
        api.client.get("/readyz"),
    )
    return [asyncio.ensure_future(request) for request in requests]


async def _imported(api: Api, lines: bytes) -> list[tuple[int, str | None]]:
    headers = {"Content-Type": "application/x-ndjson"}
    path = f"{orders_of()}/import"
    answer = await api.platform.send("POST", path, headers=headers, content=lines)
    assert answer.status_code == 200
    results = [json.loads(line) for line in answer.content.splitlines()]
    return [(result["status"], result["code"]) for result in results]


def _register(api: Api, number: int) -> "asyncio.Future[httpx.Response]":
    order_id = f"order-{number}"
    return asyncio.ensure_future(
        api.platform.post(orders_of(), an_order(order_id), key=f"key-{number}")
    )


async def _until_written(api: Api, number: int) -> httpx.Response:
    answer = await _register(api, number)
    while answer.status_code == 503:
        problem(answer, 503, "database_unavailable")
        answer = await _register(api, number)
    done(answer, 201)
    return answer


async def _answers(api: Api, path: str) -> bool:
    answer = await api.merchant.get(path)
    if answer.status_code != 200:
        problem(answer, 503, "database_unavailable")
    return answer.status_code == 200
