"""Repeating a request under its key gives the same answer, and never does anything twice."""

import asyncio
from datetime import timedelta

import httpx

from app.event_store.streams import partition_of
from tests.support.api import BUYER, OTHER_SHOP, SHOP, Api
from tests.support.story import (
    OPEN,
    a_refund,
    an_order,
    applied,
    done,
    opened,
    order_path,
    orders_of,
    problem,
    received,
    registered,
    some_goods,
    ticket_path,
)

KEPT_HEADERS = ("etag", "content-type", "content-language")
ENTRY_OPEN = "after-sales-entry/open"


def assert_same(first: httpx.Response, again: httpx.Response) -> None:
    """Insist that an answer is the first one, told again and saying so."""
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for name in KEPT_HEADERS:
        assert again.headers.get(name) == first.headers.get(name), name


async def test_a_repeated_request_is_answered_as_the_first_time_and_changes_nothing(
    api: Api,
) -> None:
    order = await opened(api)
    path, consumer = f"{order}/refund-requests", api.consumer()
    first = await consumer.post(path, a_refund(), key="apply")
    done(first, 201)
    assert first.headers["etag"] == f'"{first.json()["version"]}"'
    before = await api.contents()
    api.clock.advance(timedelta(hours=1))
    assert_same(first, await consumer.post(path, a_refund(), key="apply"))
    done(await consumer.post(f"{ticket_path()}/withdraw-application"))
    assert_same(first, await consumer.post(path, a_refund(), key="apply"))
    after = await api.contents()
    assert after["idempotency_keys"] == before["idempotency_keys"]


async def test_a_refusal_is_told_again_even_if_it_would_be_granted_by_now(api: Api) -> None:
    order = await registered(api)
    path = f"{order}/{ENTRY_OPEN}"
    first = await api.merchant.post(path, OPEN, key="early", headers={"Accept-Language": "zh-CN"})
    problem(first, 409, "not_eligible")
    facts = {"confirmed_at": "2021-03-05T04:00:00Z"}
    done(await api.platform.post(f"{order}/receipt-confirmation", facts))
    assert_same(first, await api.merchant.post(path, OPEN, key="early"))
    done(await api.merchant.post(path, OPEN, key="another"))


async def test_what_was_missing_is_looked_for_again(api: Api) -> None:
    path, shipped = f"{order_path()}/shipment", {"shipped_at": "2021-03-02T04:00:00Z"}
    missing = await api.platform.post(path, shipped, key="ship")
    problem(missing, 404, "order_not_found")
    await registered(api)
    done(await api.platform.post(path, shipped, key="ship"))
    ticket = f"{ticket_path()}/agree-to-application"
    problem(await api.merchant.post(ticket, key="agree"), 404, "ticket_not_found")
    done(await api.consumer().post(f"{order_path()}/reissue-requests", some_goods(), key="1"), 201)
    done(await api.merchant.post(ticket, key="agree"))


async def test_a_stale_version_is_not_remembered(api: Api) -> None:
    ticket = await applied(api)
    path = f"{ticket}/agree-to-application"
    stale = await api.merchant.post(path, key="agree", if_match='"1"')
    current = problem(stale, 412, "version_stale")["facts"]["current_version"]
    done(await api.merchant.post(path, key="agree", if_match=f'"{current}"'))


async def test_malformed_requests_do_not_use_up_a_key(api: Api) -> None:
    order = await received(api)
    path = f"{order}/{ENTRY_OPEN}"
    problem(await api.merchant.post(path, {}, key="k"), 422, "request_invalid")
    problem(await api.merchant.post(path, b"{", key="k"), 400, "malformed_json")
    problem(await api.nobody.post(path, OPEN, key="k"), 401, "unauthenticated")
    done(await api.merchant.post(path, OPEN, key="k"))


async def test_a_key_belongs_to_one_request(api: Api) -> None:
    order = await opened(api)
    consumer = api.consumer()
    path = f"{order}/refund-requests"
    done(await consumer.post(path, a_refund(), key="k"), 201)
    before = await api.contents()
    for other in (
        await consumer.post(path, a_refund(2_000), key="k"),
        await consumer.post(path, {**a_refund(), "description": "x"}, key="k"),
        await consumer.post(f"{order}/exchange-requests", some_goods(), key="k"),
        await consumer.post(f"{ticket_path()}/withdraw-application", key="k"),
    ):
        problem(other, 422, "idempotency_key_reused")
    assert await api.contents() == before


async def test_a_quoted_key_and_a_bare_one_are_the_same(api: Api) -> None:
    order = await received(api)
    path = f"{order}/{ENTRY_OPEN}"
    first = await api.merchant.post(path, OPEN, key="8e03978e-40d5-43dd-bc93-6894a57f9324")
    again = await api.merchant.post(path, OPEN, key='"8e03978e-40d5-43dd-bc93-6894a57f9324"')
    assert_same(first, again)


async def test_keys_of_a_wrong_form_are_pointed_at(api: Api) -> None:
    order = await received(api)
    path = f"{order}/{ENTRY_OPEN}"
    before = await api.contents()
    for key in (
        "",
        '""',
        '"',
        '"a',
        'a"b',
        "a b",
        "a" * 129,
        '"' + "a" * 129 + '"',
        "a\\b",
        "a\tb",
    ):
        answer = await api.merchant.post(path, OPEN, key=key)
        (error,) = problem(answer, 422, "request_invalid")["errors"]
        assert error["pointer"] == "header/Idempotency-Key"
    assert await api.contents() == before
    done(await api.merchant.post(path, OPEN, key="a" * 128))


async def test_where_a_key_is_required_its_absence_has_a_name_of_its_own(api: Api) -> None:
    order = await opened(api)
    before = await api.contents()
    consumer = api.consumer()
    for path, body in (
        ("refund-requests", a_refund()),
        ("exchange-requests", some_goods()),
        ("reissue-requests", some_goods()),
        ("repair-requests", some_goods()),
    ):
        problem(await consumer.post(f"{order}/{path}", body), 422, "idempotency_key_required")
    paid = await api.platform.post(f"{ticket_path()}/record-refund-success")
    problem(paid, 422, "idempotency_key_required")
    assert await api.contents() == before


async def test_the_same_key_of_others_and_for_other_shops_is_another_key(api: Api) -> None:
    for shop_id in (SHOP, OTHER_SHOP):
        for number in (1, 2):
            await received(api, f"order-{number}", shop_id=shop_id, buyer_id=f"buyer-{number}")
    beside = next(
        name for name in map(str, range(10_000)) if partition_of(name) == partition_of(SHOP)
    )
    for shop_id in (SHOP, OTHER_SHOP, beside):
        body = an_order("order-3")
        done(await api.platform.post(orders_of(shop_id), body, key="k"), 201)
    for merchant, shop_id in ((api.merchant, SHOP), (api.other_merchant, OTHER_SHOP)):
        for number in (1, 2):
            path = f"{order_path(f'order-{number}', shop_id)}/{ENTRY_OPEN}"
            done(await merchant.post(path, OPEN, key=f"k-{number}"))
    for number in (1, 2):
        path = f"{order_path(f'order-{number}')}/refund-requests"
        done(await api.consumer(f"buyer-{number}").post(path, a_refund(), key="k-1"), 201)


async def test_of_many_requests_under_one_key_at_once_one_is_done_and_all_are_answered(
    api: Api,
) -> None:
    order = await opened(api)
    path, consumer = f"{order}/refund-requests", api.consumer(BUYER)
    answers = await asyncio.gather(*(consumer.post(path, a_refund(), key="k") for _ in range(12)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    first = [answer for answer in answers if "idempotency-replayed" not in answer.headers]
    assert len(first) == 1
    state = done(await api.merchant.get(order))
    assert [ticket["ticket_id"] for ticket in state["tickets"]] == ["order-1-1"]


async def test_of_two_different_requests_under_one_key_at_once_only_one_is_done(api: Api) -> None:
    for number in range(6):
        order = await opened(api, f"order-{number}")
        path, consumer = f"{order}/refund-requests", api.consumer()
        answers = await asyncio.gather(
            consumer.post(path, a_refund(1_000), key=f"k-{number}"),
            consumer.post(path, a_refund(2_000), key=f"k-{number}"),
        )
        granted, refused = sorted(answers, key=lambda answer: answer.status_code)
        done(granted, 201)
        problem(refused, 422, "idempotency_key_reused")
        state = done(await api.merchant.get(order))
        assert [t["amount"] for t in state["tickets"]] == [granted.json()["amount"]]


async def test_without_a_key_what_is_naturally_repeatable_may_be_repeated(api: Api) -> None:
    order = await received(api)
    done(await api.merchant.post(f"{order}/{ENTRY_OPEN}", OPEN))
    before = await api.contents()
    done(await api.merchant.post(f"{order}/{ENTRY_OPEN}", OPEN))
    done(await api.platform.post(orders_of(), an_order()), 200)
    assert await api.contents() == before
