"""Decisions on many tickets in one request: each by itself, each once."""

import asyncio
import json
from typing import Any

import httpx

from app.event_store.streams import order_stream, partition_of
from tests.support.api import OTHER_SHOP, SHOP, Api, Caller, until
from tests.support.story import (
    A_PARCEL,
    OPEN,
    RECEIVED,
    SHIPPED,
    a_picture,
    a_refund,
    an_order,
    applied,
    done,
    order_path,
    orders_of,
    problem,
    some_goods,
    ticket_path,
)

BATCH = f"/v1/shops/{SHOP}/tickets/batch-decisions"

UNREADABLE = """
WITH head AS (
    UPDATE after_sales.log_heads SET position = position + 1
    WHERE partition_id = $1 RETURNING position
)
INSERT INTO after_sales.events
    (partition_id, position, stream_id, version, event_id, type, schema_version, data, metadata,
     occurred_at)
SELECT $1, head.position, $2, max(e.version) + 1, gen_random_uuid(), 'NobodyKnowsThis', 1, '{}',
       '{}', now()
FROM head, after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id = $2
GROUP BY head.position
"""


def decided(order_id: str, decision: str, **more: Any) -> dict[str, Any]:
    """Return a decision on an order's first ticket."""
    return {"ticket_id": f"{order_id}-1", "decision": decision, **more}


async def batch(
    caller: Caller, *items: dict[str, Any], key: str = "batch", language: str = "en"
) -> list[dict[str, Any]]:
    """Send decisions and return their results."""
    headers = {"Accept-Language": language}
    answer = done(await caller.post(BATCH, {"items": items}, key=key, headers=headers))
    results: list[dict[str, Any]] = answer["results"]
    assert [result["ticket_id"] for result in results] == [item["ticket_id"] for item in items]
    return results


def codes(results: list[dict[str, Any]]) -> list[str]:
    """Return the state each ticket was brought to, or the code of the problem."""
    told = []
    for result in results:
        granted, refused = result["ticket"], result["problem"]
        assert (granted is None) != (refused is None), result
        assert result["status"] == (200 if granted else refused["status"])
        told.append(granted["state"] if granted else refused["code"])
    return told


async def tickets(api: Api, *order_ids: str, path: str = "refund-requests", **body: Any) -> None:
    """Give each order a ticket, all at once."""
    facts = {"shipped_at": SHIPPED, "receipt_confirmed_at": RECEIVED}
    lines = "\n".join(json.dumps({**an_order(order_id), **facts}) for order_id in order_ids)
    headers = {"Content-Type": "application/x-ndjson"}
    await api.platform.send("POST", f"{orders_of()}/import", headers=headers, content=lines)
    opening = {**OPEN, "order_ids": order_ids}
    done(await api.merchant.post(f"/v1/shops/{SHOP}/after-sales-entries/open", opening))
    consumer = api.consumer()
    answers = await asyncio.gather(
        *(
            consumer.post(f"{order_path(order_id)}/{path}", body or a_refund(), key=order_id)
            for order_id in order_ids
        )
    )
    assert {answer.status_code for answer in answers} == {201}


async def test_every_decision_of_a_merchant_can_be_taken_in_a_batch(api: Api) -> None:
    goods = a_refund(return_goods=True)
    await tickets(api, "agreed", "kept", "refused", "again", **goods)
    await tickets(api, "longer", "back", "bad", **goods)
    await tickets(api, "sent", path="reissue-requests", **some_goods(reason="damaged"))
    reject = {"reason": "no_evidence", "note": "请补充照片", "evidence": [a_picture()]}
    first = await batch(
        api.merchant,
        decided("agreed", "agree_to_application"),
        decided("kept", "agree_without_return"),
        decided("refused", "reject_application", **reject),
        decided("again", "reject_application", reason="other"),
        *(decided(name, "agree_to_application") for name in ("longer", "back", "bad", "sent")),
        key="first",
    )
    assert codes(first) == [
        *("awaiting_return", "refunding", "rejected", "rejected"),
        *("awaiting_return", "awaiting_return", "awaiting_return", "awaiting_replacement"),
    ]
    assert first[2]["ticket"]["rejection"]["note"] == "请补充照片"
    for name in ("back", "bad"):
        done(await api.consumer().post(f"{ticket_path(1, name)}/ship-goods-back", A_PARCEL))
    second = await batch(
        api.merchant,
        decided("again", "process_rejected_ticket"),
        decided("longer", "extend_return_deadline", days=3),
        decided("back", "confirm_return_receipt"),
        decided("bad", "reject_returned_goods", reason="return_damaged", evidence=[a_picture()]),
        decided("sent", "ship_replacement", **A_PARCEL),
        key="second",
    )
    assert codes(second) == [
        *("awaiting_return", "awaiting_return", "refunding"),
        *("rejected_after_return", "awaiting_buyer_receipt"),
    ]
    for result in second:
        alone = await api.merchant.get(f"/v1/shops/{SHOP}/tickets/{result['ticket_id']}")
        assert done(alone) == result["ticket"]


async def test_of_a_hundred_decisions_each_comes_out_as_it_would_alone(api: Api) -> None:
    names = [f"order-{number:02}" for number in range(90)]
    await tickets(api, *names)
    done(await api.consumer().post(f"{ticket_path(1, names[7])}/withdraw-application"))
    await api.resources.pool.execute(UNREADABLE, partition_of(SHOP), order_stream(SHOP, names[8]))
    expected = {
        names[7]: "ticket_final",
        names[8]: "internal_error",
        names[9]: "reason_not_for_decision",
        names[10]: "attachment_not_https",
        names[11]: "return_not_awaited",
        names[12]: "replacement_not_awaited",
    }
    items = [decided(name, "agree_to_application") for name in names]
    items[9] = decided(names[9], "reject_application", reason="return_damaged")
    insecure = {**a_picture(), "url": "http://example.com/1.jpg"}
    items[10] = decided(names[10], "reject_application", reason="other", evidence=[insecure])
    items[11] = decided(names[11], "extend_return_deadline", days=1)
    items[12] = decided(names[12], "ship_replacement", **A_PARCEL)
    items += [decided(f"never-{number}", "agree_to_application") for number in range(10)]
    results = await batch(api.merchant, *items)
    assert codes(results) == [
        *(expected.get(name, "refunding") for name in names),
        *["ticket_not_found"] * 10,
    ]


async def test_a_problem_in_a_batch_is_the_one_the_decision_would_meet_alone(api: Api) -> None:
    ticket = await applied(api)
    body = {"reason": "return_damaged"}
    alone = problem(
        await api.merchant.post(
            f"{ticket}/reject-application", body, headers={"Accept-Language": "zh-CN"}
        ),
        422,
        "reason_not_for_decision",
    )
    (result,) = await batch(
        api.merchant, decided("order-1", "reject_application", **body), language="zh-CN"
    )
    assert result["problem"]["instance"] == ticket
    own = {"instance", "request_id"}
    for told in (alone, result["problem"]):
        assert told.keys() >= own
    assert {k: v for k, v in result["problem"].items() if k not in own} == {
        k: v for k, v in alone.items() if k not in own
    }


async def test_a_batch_repeated_gives_what_was_done_and_does_nothing_again(api: Api) -> None:
    names = [f"order-{number}" for number in range(20)]
    await tickets(api, *names)
    items = [decided(name, "agree_to_application") for name in names]
    items[3] = decided(names[3], "extend_return_deadline", days=1)
    first = await batch(api.merchant, *items)
    assert not any(result["replayed"] for result in first)
    before = await api.contents()
    again = await batch(api.merchant, *reversed(items))
    assert all(result["replayed"] for result in again)
    assert [{**result, "replayed": False} for result in reversed(again)] == first
    assert await api.contents() == before


async def test_a_batch_whose_answer_was_lost_is_repeated_without_deciding_twice(api: Api) -> None:
    names = [f"order-{number:02}" for number in range(40)]
    await tickets(api, *names)
    items = [decided(name, "agree_to_application") for name in names]
    await _sent_without_waiting(api, items)

    async def some_decided() -> bool:
        return await _count(api, "ApplicationAgreed") > 0

    await until(some_decided)
    results = await batch(api.merchant, *items)
    assert codes(results) == ["refunding"] * 40
    assert await _count(api, "ApplicationAgreed") == 40
    assert [result["ticket"]["version"] for result in results] == [
        result["ticket"]["version"] for result in await batch(api.merchant, *items)
    ]


async def test_a_stale_version_is_told_in_its_result_and_may_be_corrected_under_the_key(
    api: Api,
) -> None:
    await tickets(api, "seen", "stale")
    seen = done(await api.merchant.get(ticket_path(1, "seen")))["version"]
    done(
        await api.consumer().post(
            f"{ticket_path(1, 'stale')}/add-ticket-remark", {"text": "请"}, key="r"
        ),
        201,
    )
    items = [
        decided("seen", "agree_to_application", seen_version=seen),
        decided("stale", "agree_to_application", seen_version=seen),
    ]
    results = await batch(api.merchant, *items)
    assert codes(results) == ["refunding", "version_stale"]
    assert results[1]["status"] == 412
    current = results[1]["problem"]["facts"]["current_version"]
    items[0]["seen_version"], items[1]["seen_version"] = 1, current
    again = await batch(api.merchant, *items)
    assert codes(again) == ["refunding", "refunding"]
    assert [result["replayed"] for result in again] == [True, False]


async def test_a_ticket_named_twice_is_decided_on_once_as_it_was_named_first(api: Api) -> None:
    await tickets(api, "twice", "once")
    results = await batch(
        api.merchant,
        decided("twice", "agree_to_application"),
        decided("once", "agree_to_application"),
        decided("twice", "reject_application", reason="other"),
        decided("twice", "agree_to_application"),
    )
    assert codes(results) == ["refunding", "refunding", "ticket_repeated", "ticket_repeated"]
    assert [result["problem"]["facts"] for result in results[2:]] == [{"first": 0}] * 2
    assert done(await api.merchant.get(ticket_path(1, "twice")))["rejection"] is None


async def test_of_two_batches_that_decide_differently_at_once_each_ticket_follows_one(
    api: Api,
) -> None:
    names = [f"order-{number:02}" for number in range(24)]
    await tickets(api, *names)
    agreeing, rejecting = await asyncio.gather(
        batch(api.merchant, *(decided(name, "agree_to_application") for name in names), key="a"),
        batch(
            api.merchant,
            *(decided(name, "reject_application", reason="other") for name in names),
            key="b",
        ),
    )
    pairs = {tuple(pair) for pair in zip(codes(agreeing), codes(rejecting), strict=True)}
    assert pairs <= {("refunding", "already_decided"), ("already_decided", "rejected")}
    settled = await batch(
        api.merchant, *(decided(name, "agree_to_application") for name in names), key="c"
    )
    assert set(codes(settled)) == {"already_decided"}
    decisions = await _count(api, "ApplicationAgreed") + await _count(api, "ApplicationRejected")
    assert decisions == len(names)


async def test_another_decision_under_the_same_key_is_refused_for_its_ticket_alone(
    api: Api,
) -> None:
    await tickets(api, "a", "b", "c")
    await batch(
        api.merchant, decided("a", "agree_to_application"), decided("b", "agree_to_application")
    )
    before = await api.contents()
    changed = decided("a", "reject_application", reason="other")
    results = await batch(api.merchant, changed, decided("b", "agree_to_application"))
    assert codes(results) == ["idempotency_key_reused", "refunding"]
    assert await api.contents() == before
    done(await api.merchant.post(f"{ticket_path(1, 'c')}/agree-to-application", key="batch"))


async def test_nobody_decides_on_what_is_not_theirs(api: Api) -> None:
    await applied(api, "own")
    await applied(api, "foreign", shop_id=OTHER_SHOP)
    before = await api.contents()
    items = [decided("own", "agree_to_application")]
    for caller, status, code in (
        (api.other_merchant, 404, "not_found"),
        (api.consumer(), 403, "role_not_allowed"),
        (api.platform, 403, "role_not_allowed"),
        (api.nobody, 401, "unauthenticated"),
    ):
        problem(await caller.post(BATCH, {"items": items}, key="k"), status, code)
    there, nowhere = await batch(
        api.merchant,
        decided("foreign", "agree_to_application"),
        decided("never", "agree_to_application"),
    )
    assert there["problem"]["code"] == nowhere["problem"]["code"] == "ticket_not_found"
    assert there["problem"]["facts"] == nowhere["problem"]["facts"] == {}
    assert await api.contents() == before


async def test_a_malformed_batch_decides_nothing_and_is_pointed_at(api: Api) -> None:
    await tickets(api, "order-1")
    before = await api.contents()
    good = decided("order-1", "agree_to_application")
    for items, pointer in (
        ([], "#/items"),
        ([good] * 101, "#/items"),
        ([good, decided("x", "explode")], "#/items/1"),
        ([good, {"ticket_id": "x-1"}], "#/items/1"),
        ([good, decided("x", "reject_application")], "#/items/1/reason"),
        ([good, decided("x", "agree_to_application", reason="other")], "#/items/1/reason"),
        ([good, decided("x", "extend_return_deadline", days="3")], "#/items/1/days"),
        (
            [good, decided("x", "agree_to_application", seen_version='"3"')],
            "#/items/1/seen_version",
        ),
        ([good, {"ticket_id": "x", "decision": "agree_to_application"}], "#/items/1/ticket_id"),
    ):
        refused = await api.merchant.post(BATCH, {"items": items}, key="k")
        errors = problem(refused, 422, "request_invalid")["errors"]
        assert [error["pointer"] for error in errors] == [pointer]
    looked_at = await api.merchant.get(BATCH)
    problem(looked_at, 405, "method_not_allowed")
    assert looked_at.headers["allow"] == "POST"
    keyless = await api.merchant.post(BATCH, {"items": [good]})
    problem(keyless, 422, "idempotency_key_required")
    assert await api.contents() == before


async def _count(api: Api, event_type: str) -> int:
    counted = "SELECT count(*) FROM after_sales.events WHERE type = $1"
    return int(await api.resources.pool.fetchval(counted, event_type))


async def _sent_without_waiting(api: Api, items: list[dict[str, Any]]) -> None:
    """Send a batch and hang up before its answer."""
    url = httpx.URL(api.url)
    body = json.dumps({"items": items}).encode()
    head = (
        f"POST {BATCH} HTTP/1.1\r\nHost: tests\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {api.merchant.credential()}\r\nIdempotency-Key: batch\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()
