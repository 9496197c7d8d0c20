"""What is malformed, oversized or contradictory is refused by name and changes nothing."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api import SHOP, Api
from tests.support.story import (
    OPEN,
    a_picture,
    a_refund,
    an_item,
    an_order,
    applied,
    opened,
    order_path,
    orders_of,
    problem,
    received,
    registered,
    some_goods,
    ticket_path,
)

INT64_MAX = 2**63 - 1

Change = Callable[[dict[str, Any]], Any]


def setting(value: Any, *path: str | int) -> Change:
    """Return a change that sets one part of a body."""

    def change(body: dict[str, Any]) -> None:
        part: Any = body
        for step in path[:-1]:
            part = part[step]
        part[path[-1]] = value

    return change


def leaving_out(*path: str | int) -> Change:
    """Return a change that takes one part of a body away."""

    def change(body: dict[str, Any]) -> None:
        part: Any = body
        for step in path[:-1]:
            part = part[step]
        del part[path[-1]]

    return change


AMOUNT = ("payment", "amount", "amount")
ITEM_AMOUNT = ("items", 0, "amount_paid")
POINTED: list[tuple[str, Change]] = [
    ("#/colour", setting("red", "colour")),
    ("#/payment/colour", setting("red", "payment", "colour")),
    ("#/items/0/colour", setting("red", "items", 0, "colour")),
    ("#/buyer_id", leaving_out("buyer_id")),
    ("#/payment", leaving_out("payment")),
    ("#/payment", leaving_out("payment", "method")),
    ("#/payment", setting("barter", "payment", "method")),
    ("#/payment/channel", setting("cash", "payment", "channel")),
    ("#/payment/amount/amount", setting(-1, *AMOUNT)),
    ("#/payment/amount/amount", setting(INT64_MAX + 1, *AMOUNT)),
    ("#/payment/amount/amount", setting(1.5, *AMOUNT)),
    ("#/payment/amount/amount", setting("10000", *AMOUNT)),
    ("#/payment/amount/amount", setting(True, *AMOUNT)),
    ("#/payment/amount/amount", setting(None, *AMOUNT)),
    ("#/payment/amount/amount", setting(10**4_000, *AMOUNT)),
    ("#/payment/amount/currency", setting("cny", "payment", "amount", "currency")),
    ("#/items/0/amount_paid", setting(-1, *ITEM_AMOUNT)),
    ("#/items/0/quantity", setting(0, "items", 0, "quantity")),
    ("#/items/0/quantity", setting(1_000_001, "items", 0, "quantity")),
    ("#/items/0/kind", setting("liquid", "items", 0, "kind")),
    ("#/items/0/title", setting("", "items", 0, "title")),
    ("#/items/0/title", setting("长" * 201, "items", 0, "title")),
    ("#/items/0/title", setting("a\u0000b", "items", 0, "title")),
    ("#/items/0/title", setting("a\u001bb", "items", 0, "title")),
    ("#/items/0/title", setting("a\u0085b", "items", 0, "title")),
    ("#/items/0/title", setting("a\ud800b", "items", 0, "title")),
    ("#/items", setting([], "items")),
    ("#/items", setting([an_item(f"item-{n}") for n in range(101)], "items")),
    ("#/items", setting("scarf", "items")),
    ("#/business_line", setting("taobao", "business_line")),
    ("#/business_line", setting(None, "business_line")),
    ("#/commission/talent_basis_points", setting(10_001, "commission", "talent_basis_points")),
    ("#/commission", setting([], "commission")),
]
POINTED += [
    (f"#/{name}", setting(value, name))
    for name in ("order_id", "buyer_id")
    for value in ("", "a" * 65, "a b", "a/b", "订单", "-a", "a\n", "a\u0000", "a\ud800", 7, None)
]
POINTED += [
    ("#/created_at", setting(value, "created_at"))
    for value in (
        "2021-03-01T04:00:00",
        "2021-03-01",
        "2021-03-01 04:00:00Z",
        "2021-03-01T04:00Z",
        "2021-03-01T04:00:00.Z",
        "2021-03-01T04:00:00+0800",
        "2021-03-01T04:00:00+24:00",
        "2021-03-01T04:00:00+08",
        "2021-03-01T04:00:00Z\n",
        "2021-02-30T04:00:00Z",
        "2021-03-01T25:00:00Z",
        "2021-03-01T23:59:60Z",
        "0000-03-01T04:00:00Z",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59-08:00",
        "12021-03-01T04:00:00Z",
        "２０２１-03-01T04:00:00Z",
        1_614_571_200,
        1_614_571_200.5,
        None,
    )
]


async def test_every_fault_in_an_order_is_pointed_at_and_nothing_is_registered(api: Api) -> None:
    before = await api.contents()
    for pointer, change in POINTED:
        body = an_order()
        change(body)
        answer = await api.platform.post(orders_of(), json.dumps(body).encode())
        found = problem(answer, 422, "request_invalid")["errors"]
        assert pointer in {error["pointer"] for error in found}, (pointer, found)
    assert await api.contents() == before


async def test_all_faults_are_told_at_once_up_to_a_bound(api: Api) -> None:
    two = an_order(buyer_id="", business_line="taobao")
    found = problem(await api.platform.post(orders_of(), two), 422, "request_invalid")["errors"]
    assert [error["pointer"] for error in found] == ["#/buyer_id", "#/business_line"]
    many = {**an_order(), **{f"unknown-{number}": number for number in range(1_000)}}
    found = problem(await api.platform.post(orders_of(), many), 422, "request_invalid")["errors"]
    assert len(found) == 50


async def test_an_unknown_member_with_any_name_is_only_an_unknown_member(api: Api) -> None:
    for name in ("\ud800", "\u0000", "a/b~c", "长" * 100_000, "", "\u202e", "\n"):
        answer = await api.platform.post(orders_of(), json.dumps({**an_order(), name: 1}).encode())
        (error,) = problem(answer, 422, "request_invalid")["errors"]
        assert len(error["pointer"]) <= 200
        if name == "a/b~c":
            assert error["pointer"] == "#/a~1b~0c"


async def test_what_was_sent_is_never_echoed(api: Api) -> None:
    secret = "hunter2 is a secret"
    for change in (
        setting(secret, "payment", "method"),
        setting(secret, "business_line"),
        setting(secret, "created_at"),
        setting(secret, *AMOUNT),
        setting({"method": secret}, "payment"),
    ):
        body = an_order()
        change(body)
        answer = await api.platform.post(orders_of(), body)
        problem(answer, 422, "request_invalid")
        assert "hunter2" not in answer.text


CONTRADICTIONS: list[tuple[str, dict[str, Any]]] = [
    ("items_do_not_add_up", {"items": [an_item(amount_paid=9_999)], "payment": None}),
    ("items_do_not_add_up", {"items": [an_item(amount_paid=INT64_MAX), an_item("item-2")]}),
    ("item_repeated", {"items": [an_item(), an_item()]}),
    ("fact_in_future", {"created_at": "2021-03-15T09:00:06Z"}),
    ("fact_in_future", {"created_at": "9999-12-31T23:59:59Z"}),
]


async def test_orders_that_contradict_themselves_are_refused_by_name(api: Api) -> None:
    before = await api.contents()
    for code, changes in CONTRADICTIONS:
        body = an_order(**changes)
        body["payment"] = body["payment"] or an_order()["payment"]
        body["payment"]["amount"]["amount"] = min(body["payment"]["amount"]["amount"], INT64_MAX)
        problem(await api.platform.post(orders_of(), body), 422, code)
    early = an_order()
    early["payment"]["paid_at"] = "2021-03-01T03:59:59Z"
    problem(await api.platform.post(orders_of(), early), 422, "fact_before_order")
    assert await api.contents() == before


async def test_later_facts_that_cannot_be_are_refused_by_name(api: Api) -> None:
    order = await registered(api)
    await api.platform.post(
        f"{order}/receipt-confirmation", {"confirmed_at": "2021-03-05T04:00:00Z"}
    )
    before = await api.contents()
    facts = (
        ("shipment", "shipped_at", "2021-03-15T10:00:00Z", 422, "fact_in_future"),
        ("shipment", "shipped_at", "2021-03-01T03:59:59Z", 422, "fact_before_order"),
        ("shipment", "shipped_at", "2021-03-05T04:00:01Z", 409, "fact_out_of_order"),
        ("settlement", "settled_at", "2021-03-05T03:59:59Z", 409, "fact_out_of_order"),
        ("shipment", "shipped_at", "2021-03-02T04:00:00", 422, "request_invalid"),
        ("receipt-confirmation", "confirmed_at", "2021-03-06T04:00:00Z", 409, "fact_conflict"),
    )
    for path, name, value, status, code in facts:
        problem(await api.platform.post(f"{order}/{path}", {name: value}), status, code)
    assert await api.contents() == before


async def test_the_earliest_and_the_latest_instants_there_are_do_no_harm(api: Api) -> None:
    order = await registered(api, created_at="0001-01-01T00:00:00Z")
    for at in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2021-03-15T09:00:00+23:59"):
        entry = (await api.merchant.get(f"{order}/after-sales-entry", {"at": at})).json()
        assert entry["eligibility"]["eligible"] is False
        assert (await api.merchant.get(order, {"as_of": at})).status_code in {200, 404}
        for name in ("created_from", "created_to"):
            assert (await api.merchant.get(orders_of(), {name: at})).status_code == 200
        tickets = await api.merchant.get(f"/v1/shops/{SHOP}/tickets", {"due_before": at})
        assert tickets.status_code == 200


async def test_applications_that_ask_for_what_is_not_there_are_refused_by_name(api: Api) -> None:
    order = await opened(api)
    before = await api.contents()
    item = a_refund()["items"][0]
    bad: list[tuple[int, str, list[dict[str, Any]]]] = [
        (409, "item_not_in_order", [{**item, "item_id": "item-9"}]),
        (422, "item_repeated", [item, item]),
        (409, "quantity_exceeded", [{**item, "quantity": 3}]),
        (409, "amount_exceeds_refundable", [{**item, "amount": 10_001}]),
        (409, "nothing_requested", [{**item, "amount": 0}]),
        (422, "request_invalid", [{**item, "amount": -1}]),
        (422, "request_invalid", [{**item, "quantity": 0}]),
        (422, "request_invalid", []),
    ]
    consumer = api.consumer()
    for number, (status, code, items) in enumerate(bad):
        answer = await consumer.post(
            f"{order}/refund-requests", a_refund(items=items), key=f"bad-{number}"
        )
        problem(answer, status, code)
    for field, value in (
        ("description", "a\u0000"),
        ("description", "a\ud800"),
        ("description", "长" * 501),
        ("description", ""),
        ("reason", "boredom"),
        ("return_goods", "maybe"),
    ):
        body = json.dumps({**a_refund(), field: value}).encode()
        answer = await consumer.post(f"{order}/refund-requests", body, key="bad-text")
        (error,) = problem(answer, 422, "request_invalid")["errors"]
        assert error["pointer"] == f"#/{field}"
    after = await api.contents()
    assert {**after, "idempotency_keys": None} == {**before, "idempotency_keys": None}


async def test_decisions_with_bad_words_are_refused_and_change_nothing(api: Api) -> None:
    ticket = await applied(api)
    before = await api.contents()
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("#/reason", {"reason": "mood"}),
        ("#/note", {"reason": "other", "note": "a\u0007"}),
        ("#/note", {"reason": "other", "note": "a\udfff"}),
        ("#/evidence/0", {"reason": "other", "evidence": ["https://example.com/1.jpg"]}),
        ("#/evidence/0/url", {"reason": "other", "evidence": [a_picture(url="")]}),
        ("#/evidence/0/size_bytes", {"reason": "other", "evidence": [a_picture(size_bytes="1")]}),
        ("#/evidence/0/size_bytes", {"reason": "other", "evidence": [a_picture(size_bytes=-1)]}),
        ("#/evidence", {"reason": "other", "evidence": [a_picture()] * 51}),
        ("#/evidence", {"reason": "other", "evidence": None}),
    ]
    for pointer, body in bodies:
        answer = await api.merchant.post(f"{ticket}/reject-application", json.dumps(body).encode())
        (error,) = problem(answer, 422, "request_invalid")["errors"]
        assert error["pointer"] == pointer
    entry = f"{order_path()}/after-sales-entry"
    for body in ({}, {"cost_acknowledged": False}, {"cost_acknowledged": 1}):
        answer = await api.merchant.post(f"{entry}/open", body)
        problem(answer, 422, "request_invalid")
    bulk = f"/v1/shops/{SHOP}/after-sales-entries/open"
    for order_ids in ([], ["a/b"], ["a"] * 101, "order-1"):
        answer = await api.merchant.post(bulk, {**OPEN, "order_ids": order_ids})
        problem(answer, 422, "request_invalid")
    assert await api.contents() == before


@pytest.mark.parametrize("bad", ["%00", "a%00b", "%ff", "a%0A", "a" * 65, "%F0%9F%98%80", "%20"])
async def test_ids_in_paths_are_held_to_the_same_form(api: Api, bad: str) -> None:
    for path in (
        f"/v1/shops/{bad}/orders",
        f"/v1/shops/{SHOP}/orders/{bad}",
        f"/v1/shops/{SHOP}/orders/{bad}/after-sales-entry",
        f"/v1/shops/{SHOP}/tickets/{bad}-1",
    ):
        answer = await api.platform.get(path)
        (error,) = problem(answer, 422, "request_invalid")["errors"]
        assert error["pointer"].startswith("path/")


QUERIES = (
    ("", {"limit": "0"}, "query/limit"),
    ("", {"limit": "201"}, "query/limit"),
    ("", {"limit": "-1"}, "query/limit"),
    ("", {"limit": "many"}, "query/limit"),
    ("", {"limit": "9" * 5_000}, "query/limit"),
    ("", {"colour": "red"}, "query/colour"),
    ("", {"created_from": "yesterday"}, "query/created_from"),
    ("", {"entry_state": "ajar"}, "query/entry_state"),
    ("", {"eligible_by_age": "perhaps"}, "query/eligible_by_age"),
    ("", {"buyer_id": "\u0000"}, "query/buyer_id"),
    ("", {"cursor": "a" * 301}, "query/cursor"),
    ("/order-1", {"as_of": "2021-03-15T09:00:00"}, "query/as_of"),
    ("/order-1", {"as_off": "2021-03-15T09:00:00Z"}, "query/as_off"),
    ("/order-1/after-sales-entry", {"as_of": "2021-03-15T09:00:00Z"}, "query/as_of"),
)


async def test_query_parameters_are_held_to_what_is_documented(api: Api) -> None:
    await received(api)
    for path, query, pointer in QUERIES:
        answer = await api.merchant.get(f"{orders_of()}{path}", query)
        (error,) = problem(answer, 422, "request_invalid")["errors"]
        assert error["pointer"] == pointer
    answer = await api.platform.post(
        f"{order_path()}/settlement?at=now", {"settled_at": "2021-03-08T04:00:00Z"}
    )
    (error,) = problem(answer, 422, "request_invalid")["errors"]
    assert error["pointer"] == "query/at"


async def test_a_cursor_that_is_none_of_ours_is_refused_by_name(api: Api) -> None:
    for number in range(3):
        await registered(api, f"order-{number}")
    await api.follow()
    cursor = (await api.merchant.get(orders_of(), {"limit": 1})).json()["next_cursor"]
    lists = (orders_of(), f"/v1/shops/{SHOP}/tickets", f"/v1/shops/{SHOP}/notifications")
    forgeries = ("x", cursor[:-5], cursor[3:], "W10", "e30", "bnVsbA", "长", "a" * 300, "\u0000")
    beyond_utc = b'["0001-01-01T00:00:00+14:00","order-1"]', b'["9999-12-31T23:59:59-14:00","o"]'
    for forged in (*forgeries, *(urlsafe_b64encode(content).decode() for content in beyond_utc)):
        for path in lists:
            problem(await api.merchant.get(path, {"cursor": forged}), 422, "cursor_invalid")
    problem(await api.merchant.get(lists[2], {"cursor": cursor}), 422, "cursor_invalid")


@pytest.mark.parametrize(
    "if_match", ["3", 'W/"3"', "*", '"a"', '"-1"', '""', '"1", "2"', '"' + "9" * 19 + '"']
)
async def test_a_version_that_is_none_is_refused(api: Api, if_match: str) -> None:
    await received(api)
    answer = await api.merchant.post(
        f"{order_path()}/after-sales-entry/open", OPEN, if_match=if_match
    )
    (error,) = problem(answer, 422, "request_invalid")["errors"]
    assert error["pointer"] == "header/If-Match"


async def test_a_decision_on_a_ticket_that_never_was_names_the_ticket(api: Api) -> None:
    await registered(api)
    for path in (ticket_path(9), ticket_path(1, "order-9")):
        problem(await api.merchant.get(path), 404, "ticket_not_found")
        problem(await api.merchant.post(f"{path}/agree-to-application"), 404, "ticket_not_found")
        problem(await api.consumer().post(f"{path}/withdraw-application"), 404, "ticket_not_found")
    application = await api.consumer().post(
        f"{order_path('order-9')}/exchange-requests", some_goods(), key="1"
    )
    problem(application, 404, "order_not_found")


async def test_an_optional_body_may_be_left_out_or_null(api: Api) -> None:
    for body in (b"null", b""):
        ticket = await applied(api, order_id=f"order-{len(body)}")
        assert (await api.merchant.post(f"{ticket}/agree-to-application", body)).status_code == 200
