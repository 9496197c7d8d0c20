"""Keys where nothing is written through the log: the same answer again, and nothing done twice."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.api.test_idempotency import assert_same
from tests.api.test_inbox import INBOX, three_messages
from tests.api.test_webhook_deliveries import ENDPOINTS, SINCE, an_endpoint
from tests.support.api import OTHER_SHOP, SHOP, Api, Caller, until
from tests.support.clocks import clock_path
from tests.support.pushes import DEVICES
from tests.support.story import (
    OPEN,
    an_order,
    done,
    order_path,
    orders_of,
    problem,
    received,
    registered,
)

TABLES = ("webhook_endpoints", "webhook_deliveries", "webhook_queues", "events", "test_clocks")
TABLES_OF_PEOPLE = ("devices", "notification_reads", "inbox_marks")


WAITING = """
SELECT count(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted
"""


async def contents(api: Api) -> dict[str, list[str]]:
    """Return every row of the tables that requests here may change, and how many keys are kept."""
    kept = ("SELECT scope || key FROM after_sales.idempotency_keys ORDER BY 1", "keys")
    queries = [
        (f"SELECT t::text FROM after_sales.{table} AS t ORDER BY 1", table)
        for table in (*TABLES, *TABLES_OF_PEOPLE)
    ]
    return {
        name: [row[0] for row in await api.resources.pool.fetch(query)]
        for query, name in (*queries, kept)
    }


async def answered_the_same_again(
    api: Api, caller: Caller, path: str, body: Any, status: int
) -> httpx.Response:
    """Ask under a key five times, twice at once; return the one answer there was."""
    first = await caller.post(path, body, key="once")
    assert first.status_code == status, first.text
    before = await contents(api)
    assert_same(first, await caller.post(path, body, key='"once"'))
    several = await asyncio.gather(*(caller.post(path, body, key="once") for _ in range(3)))
    for again in several:
        assert_same(first, again)
    assert await contents(api) == before, "nothing is done again"
    return first


async def other_is_refused(caller: Caller, path: str, body: Any) -> None:
    """Insist that the key cannot be used for anything else."""
    problem(await caller.post(path, body, key="once"), 422, "idempotency_key_reused")


@pytest.mark.parametrize("of", [ENDPOINTS, "/v1/platform/webhook-endpoints"])
async def test_a_test_is_sent_once_for_a_key(api: Api, of: str) -> None:
    caller = api.merchant if of == ENDPOINTS else api.platform
    one = await an_endpoint(api, of)
    first = await answered_the_same_again(api, caller, f"{one}/test", None, 202)
    (delivery,) = done(await caller.get(f"{one}/deliveries"))["deliveries"]
    assert delivery["delivery_id"] == first.json()["delivery_id"]
    await other_is_refused(caller, f"{one}/recover", SINCE)
    done(await caller.post(f"{one}/test"), 202)
    assert len(done(await caller.get(f"{one}/deliveries"))["deliveries"]) == 2, "without a key"


async def test_requests_for_a_test_that_come_at_once_under_one_key_send_one(api: Api) -> None:
    one = await an_endpoint(api)
    answers = await asyncio.gather(
        *(api.merchant.post(f"{one}/test", key="once") for _ in range(12))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert len(done(await api.merchant.get(f"{one}/deliveries"))["deliveries"]) == 1


async def test_a_delivery_is_sent_again_once_for_a_key(api: Api) -> None:
    one = await an_endpoint(api)
    tested = done(await api.merchant.post(f"{one}/test"), 202)["delivery_id"]
    path = f"{one}/deliveries/{tested}/resend"
    await answered_the_same_again(api, api.merchant, path, None, 202)
    await other_is_refused(api.merchant, f"{one}/test", None)


async def failed(api: Api, one: str, number: int) -> None:
    """Have deliveries to an endpoint that were given up."""
    for _ in range(number):
        done(await api.merchant.post(f"{one}/test"), 202)
    await api.resources.pool.execute(
        "UPDATE after_sales.webhook_deliveries SET state = 'failed' WHERE state = 'queued'"
    )


async def test_what_failed_is_recovered_once_for_a_key_and_counted_once(api: Api) -> None:
    one = await an_endpoint(api)
    await failed(api, one, 3)
    answers = await asyncio.gather(
        *(api.merchant.post(f"{one}/recover", SINCE, key="once") for _ in range(12))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert [answer.json()["recovered"] for answer in answers] == [3] * 12
    await failed(api, one, 1)
    again = await api.merchant.post(f"{one}/recover", SINCE, key="once")
    assert again.json()["recovered"] == 3
    later = {"since": "2021-03-02T00:00:00Z"}
    await other_is_refused(api.merchant, f"{one}/recover", later)
    fresh = await api.merchant.post(f"{one}/recover", SINCE, key="another")
    assert fresh.json() == {"recovered": 4, "complete": True}


async def test_a_request_waits_for_the_one_under_its_key_that_is_being_done(api: Api) -> None:
    one, pool = await an_endpoint(api), api.resources.pool
    await failed(api, one, 2)

    async def one_waits() -> bool:
        return bool(await pool.fetchval(WAITING) == 1)

    async with pool.acquire() as connection, connection.transaction():
        await connection.fetch("SELECT FROM after_sales.webhook_queues FOR UPDATE")
        both = [
            asyncio.create_task(api.merchant.post(f"{one}/recover", SINCE, key="once"))
            for _ in range(2)
        ]
        await until(one_waits)
    answers = await asyncio.gather(*both)
    assert [answer.json()["recovered"] for answer in answers] == [2, 2]
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 1


async def test_what_was_missed_is_replayed_once_for_a_key(api: Api) -> None:
    await received(api)
    done(await api.merchant.post(f"{order_path()}/after-sales-entry/open", OPEN))
    one = await an_endpoint(api)
    path = f"{one}/replay"
    first = await answered_the_same_again(api, api.merchant, path, SINCE, 202)
    assert first.json()["queued"] == 1
    await other_is_refused(api.merchant, path, {"since": "2021-03-02T00:00:00Z"})
    assert done(await api.merchant.post(path, SINCE, key="another"), 202)["queued"] == 0


@pytest.mark.parametrize("of", [ENDPOINTS, "/v1/platform/webhook-endpoints"])
async def test_an_endpoint_is_disabled_and_enabled_once_for_a_key(api: Api, of: str) -> None:
    caller = api.merchant if of == ENDPOINTS else api.platform
    one = await an_endpoint(api, of)
    first = await answered_the_same_again(api, caller, f"{one}/disable", None, 200)
    await other_is_refused(caller, f"{one}/enable", None)
    enabled = await caller.post(f"{one}/enable", key="enable")
    assert_same(enabled, await caller.post(f"{one}/enable", key="enable"))
    assert_same(first, await caller.post(f"{one}/disable", key="once"))
    assert done(await caller.get(one))["enabled"], "it was told again, and not done again"


async def test_what_was_refused_for_good_is_refused_again_under_its_key(api: Api) -> None:
    one = await an_endpoint(api)
    done(await api.merchant.post(f"{one}/disable"))
    first = await api.merchant.post(f"{one}/test", key="early")
    problem(first, 409, "webhook_endpoint_disabled")
    done(await api.merchant.post(f"{one}/enable"))
    assert_same(first, await api.merchant.post(f"{one}/test", key="early"))
    done(await api.merchant.post(f"{one}/test", key="late"), 202)


async def test_what_is_missing_or_stale_is_looked_for_again(api: Api) -> None:
    one = await an_endpoint(api)
    missing = f"{one}/deliveries/00000000-0000-0000-0000-000000000000/resend"
    for _ in range(2):
        answer = await api.merchant.post(missing, key="once")
        problem(answer, 404, "webhook_delivery_not_found")
        assert "idempotency-replayed" not in answer.headers
    stale = await api.merchant.post(f"{one}/disable", key="once", if_match='"7"')
    problem(stale, 412, "version_stale")
    done(await api.merchant.post(f"{one}/disable", key="once", if_match='"1"'))


async def test_a_key_that_a_command_took_is_not_free_for_anything_else(api: Api) -> None:
    order = await received(api)
    one = await an_endpoint(api)
    opening = f"{order}/after-sales-entry/open"
    done(await api.merchant.post(opening, OPEN, key="once"))
    await other_is_refused(api.merchant, f"{one}/test", None)
    done(await api.merchant.post(f"{one}/test", key="another"), 202)
    reused = await api.merchant.post(opening, OPEN, key="another")
    problem(reused, 422, "idempotency_key_reused")


async def test_a_command_and_a_test_that_race_for_one_key_end_with_one_of_them(api: Api) -> None:
    order, one = await received(api), await an_endpoint(api)
    for number in range(8):
        commanded, tested = await asyncio.gather(
            api.merchant.post(f"{order}/after-sales-entry/open", OPEN, key=f"race-{number}"),
            api.merchant.post(f"{one}/test", key=f"race-{number}"),
        )
        assert {commanded.status_code, tested.status_code} in ({200, 422}, {422, 202})


async def test_a_shop_is_given_a_clock_and_the_clock_advanced_once_for_a_key(api: Api) -> None:
    path, body = clock_path(), {"now": "2021-03-15T09:00:00Z"}
    await answered_the_same_again(api, api.platform, path, body, 201)
    await other_is_refused(api.platform, path, {})
    path, minute = f"{path}/advance", {"by_seconds": 60}
    first = await api.platform.post(path, minute, key="advance")
    assert first.status_code == 202
    assert first.headers["etag"] == '"2"'
    assert_same(first, await api.platform.post(path, minute, key="advance"))
    other = await api.platform.post(path, {"by_seconds": 61}, key="advance")
    problem(other, 422, "idempotency_key_reused")
    problem(await api.platform.post(path, minute, key="next"), 409, "clock_advancing")


async def test_a_device_is_registered_once_for_a_key(api: Api) -> None:
    consumer = api.consumer()
    body = {"platform": "ios", "token": "a-token"}
    await answered_the_same_again(api, consumer, DEVICES, body, 201)
    await other_is_refused(consumer, DEVICES, {**body, "token": "another"})
    assert done(await consumer.post(DEVICES, body))["device_id"], "known by its token anyhow"


async def test_messages_are_read_once_for_a_key(api: Api) -> None:
    newest, *_, oldest = await three_messages(api)
    consumer = api.consumer()
    one = f"{INBOX}/{oldest['notification_id']}/read"
    first = await answered_the_same_again(api, consumer, one, None, 200)
    assert first.headers["content-language"]
    await other_is_refused(consumer, f"{INBOX}/{newest['notification_id']}/read", None)
    path, body = f"{INBOX}/read", {"up_to": newest["position"]}
    read = await consumer.post(path, body, key="all")
    assert done(read)["unread"] == 0
    assert_same(read, await consumer.post(path, body, key="all"))
    other = await consumer.post(path, {"up_to": oldest["position"]}, key="all")
    problem(other, 422, "idempotency_key_reused")


async def test_entries_are_opened_once_for_a_key_each_by_itself(api: Api) -> None:
    await received(api, "order-1")
    await registered(api, "order-2")
    path = f"/v1/shops/{SHOP}/after-sales-entries/open"
    body = {**OPEN, "order_ids": ["order-1", "order-2", "order-3"]}
    first = done(await api.merchant.post(path, body, key="once"))["results"]
    assert [(one["status"], one["replayed"]) for one in first] == [
        (200, False),
        (409, False),
        (404, False),
    ]
    facts = {"confirmed_at": "2021-03-05T04:00:00Z"}
    done(await api.platform.post(f"{order_path('order-2')}/receipt-confirmation", facts))
    again = done(await api.merchant.post(path, body, key="once"))["results"]
    assert [one["replayed"] for one in again] == [True, True, False]
    assert [{**one, "replayed": False} for one in again] == first
    fresh = done(await api.merchant.post(path, body, key="another"))["results"]
    assert [(one["status"], one["replayed"]) for one in fresh[:2]] == [(200, False)] * 2
    known = {**OPEN, "order_ids": ["order-1", "order-2"]}
    for asked, header in ((body, None), (known, "true")):
        answer = await api.merchant.post(path, asked, key="once")
        assert answer.headers.get("idempotency-replayed") == header


def lines_of(text: str) -> list[Mapping[str, Any]]:
    """Read the results of an import."""
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("path", [f"{orders_of()}/import", "/v1/platform/orders/import"])
async def test_lines_are_imported_once_for_a_key_each_by_itself(api: Api, path: str) -> None:
    orders = [an_order(f"order-{number}", shop_id=SHOP) for number in (1, 2)]
    odd = an_order("order-3", shop_id=SHOP, shipped_at="2020-01-01T00:00:00Z")

    async def imported(*lines: Any) -> httpx.Response:
        return await api.platform.send(
            "POST",
            path,
            headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": "once"},
            content=b"".join(json.dumps(line).encode() + b"\n" for line in lines),
        )

    first = await imported(*orders, odd)
    statuses = [one["status"] for one in lines_of(first.text)]
    assert statuses[:2] == [201, 201]
    assert statuses[2] >= 400, "shipped before it was made"
    before = await contents(api)
    again = await imported(*orders, odd)
    assert_same(first, again)
    assert await contents(api) == before
    (one, other, _) = lines_of((await imported(orders[1], orders[1], odd)).text)
    assert (one["status"], one["code"]) == (422, "idempotency_key_reused")
    assert other["status"] == 201, "what it was told before"


async def test_a_key_in_one_shop_is_another_in_another(api: Api) -> None:
    path = "/v1/shops/{shop_id}/webhook-endpoints"
    for shop_id, caller in ((SHOP, api.merchant), (OTHER_SHOP, api.other_merchant)):
        one = path.format(shop_id=shop_id)
        made = await caller.post(one, {"url": "https://shop.example.com/hooks"}, key="one")
        tested = await caller.post(f"{one}/{done(made, 201)['endpoint_id']}/test", key="once")
        assert tested.status_code == 202
