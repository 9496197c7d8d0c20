"""The main story over HTTP, from the registered order to the refund that reached the buyer."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.api import BUYER, SHOP, Api
from tests.support.story import (
    OPEN,
    RECEIVED,
    SETTLED,
    a_picture,
    a_refund,
    an_item,
    an_order,
    applied,
    done,
    instant,
    opened,
    order_path,
    orders_of,
    problem,
    received,
    registered,
    some_goods,
    ticket_path,
)

DAY = timedelta(days=1)


async def test_a_merchant_opens_the_entry_and_the_consumer_gets_the_money_back(api: Api) -> None:
    order = await received(api)
    done(await api.platform.post(f"{order}/settlement", {"settled_at": SETTLED}))
    entry = done(await api.merchant.get(f"{order}/after-sales-entry"))
    assert entry["state"] == "never_opened"
    assert entry["eligibility"]["eligible"] is True
    assert len(entry["eligibility"]["rules"]) == 10
    (confirmed,) = (
        rule["text"]
        for rule in entry["eligibility"]["rules"]
        if rule["code"] == "receipt_not_confirmed"
    )
    assert confirmed == {"zh_cn": "买家已确认收货", "en": "The buyer has confirmed receipt"}
    assert entry["cost_preview"] == {
        "currency": "CNY",
        "refundable": 10_000,
        "source": "platform_advance",
        "borne": 10_000,
        "talent_commission_kept": 1_000,
        "agency_commission_kept": 200,
        "service_fee_kept": 60,
        "shortfall": 10_000,
    }
    now_open = done(await api.merchant.post(f"{order}/after-sales-entry/open", OPEN))
    assert now_open["state"] == "open"
    assert now_open["generation"] == 1
    assert instant(now_open["expires_at"]) == api.clock.now() + 5 * DAY
    assert now_open["acknowledged_cost"] == entry["cost_preview"]

    api.clock.advance(DAY)
    answer = await api.consumer().post(f"{order}/refund-requests", a_refund(), key="once")
    ticket = done(answer, 201)
    assert ticket["state"] == "pending_merchant"
    assert ticket["overdue"] is True
    assert [label["text"]["zh_cn"] for label in ticket["labels"]] == ["超期售后"]
    assert instant(ticket["due"]["at"]) == api.clock.now() + timedelta(hours=48)

    path = f"/v1/shops/{SHOP}/tickets/{ticket['ticket_id']}"
    agreed = done(
        await api.merchant.post(f"{path}/agree-to-application", if_match=answer.headers["etag"])
    )
    assert agreed["state"] == "refunding"
    assert agreed["agreed_automatically"] is False
    paid = done(await api.platform.post(f"{path}/record-refund-success", key="paid"))
    assert (paid["state"], paid["refunded"]["amount"]) == ("succeeded", 1_000)

    await api.follow()
    detail = done(await api.consumer().get(order))
    assert detail["refunded"] == {"amount": 1_000, "currency": "CNY"}
    assert detail["after_sales_entry"]["used"] is True
    assert [line["code"] for line in detail["operation_log"]] == [
        "order_registered",
        "order_shipped",
        "receipt_confirmed",
        "order_settled",
        "entry_opened",
        "overdue_ticket_created",
        "application_agreed",
        "refund_succeeded",
    ]
    actors = [line["actor"]["role"] for line in detail["operation_log"]]
    assert actors == [*["platform"] * 4, "merchant", "consumer", "merchant", "platform"]
    assert detail["operation_log"][5]["actor"]["id"] == BUYER
    assert all(line["text"]["zh_cn"] and line["text"]["en"] for line in detail["operation_log"])


async def test_everyone_is_told_in_their_language_what_concerns_them(api: Api) -> None:
    ticket = await applied(api)
    done(await api.merchant.post(f"{ticket}/agree-to-application"))
    await api.follow()
    inbox = f"/v1/shops/{SHOP}/notifications"
    chinese = {"Accept-Language": "zh-CN"}
    answer = await api.consumer().get(inbox, headers=chinese)
    assert answer.headers["content-language"] == "zh-CN"
    told = done(answer)["notifications"]
    assert len(told) == 2
    in_english = done(await api.consumer().get(inbox))["notifications"]
    assert [found["template"] for found in told] == [found["template"] for found in in_english]
    assert all(a["title"] != b["title"] for a, b in zip(told, in_english, strict=True))
    assert done(await api.merchant.get(inbox))["notifications"]
    assert (
        done(await api.other_merchant.get("/v1/shops/shop-2/notifications"))["notifications"] == []
    )


async def test_opening_an_open_entry_changes_nothing(api: Api) -> None:
    order = await opened(api)
    before, kept = done(await api.merchant.get(order)), await api.contents()
    api.clock.advance(DAY)
    again = done(await api.merchant.post(f"{order}/after-sales-entry/open", OPEN))
    assert again["expires_at"] == before["after_sales_entry"]["expires_at"]
    assert again["version"] == before["version"]
    assert await api.contents() == kept


CASH = {"method": "cod", "amount": {"amount": 10_000, "currency": "CNY"}}
A_VOUCHER = an_item("item-2", kind="card_voucher")
FAILING: list[tuple[str, dict[str, Any], str | None]] = [
    ("receipt_not_confirmed", {}, None),
    ("after_sales_period_not_over", {}, "2021-03-08T09:00:01Z"),
    ("payment_not_online", {"payment": CASH}, RECEIVED),
    ("product_not_physical", {"items": [an_item(kind="virtual")]}, RECEIVED),
    ("card_voucher_product", {"items": [an_item(), A_VOUCHER]}, RECEIVED),
    ("excluded_business_line", {"business_line": "qingbei"}, RECEIVED),
    ("excluded_business_line", {"business_line": "xuelang"}, RECEIVED),
    ("excluded_business_line", {"business_line": "haohaoxuexi"}, RECEIVED),
    ("order_created_before_cutoff", {"created_at": "2020-06-30T15:59:59Z"}, RECEIVED),
    ("order_too_old", {"created_at": "2020-10-16T08:59:59Z"}, RECEIVED),
]


async def test_each_rule_that_fails_is_named_by_the_check_and_by_the_refusal(api: Api) -> None:
    for number, (code, changes, confirmed_at) in enumerate(FAILING):
        order = await registered(api, f"order-{number}", **changes)
        if confirmed_at is not None:
            fact = {"confirmed_at": confirmed_at}
            done(await api.platform.post(f"{order}/receipt-confirmation", fact))
        await _assert_refused(api, order, code)


async def test_a_ticket_under_way_and_a_full_refund_stand_in_the_way_of_opening(api: Api) -> None:
    order = await received(api, confirmed_at="2021-03-09T09:00:00Z")
    everything = a_refund(10_000)
    everything["items"][0]["quantity"] = 2
    done(await api.consumer().post(f"{order}/refund-requests", everything, key="1"), 201)
    await _assert_refused(api, order, "refund_in_progress")
    done(await api.merchant.post(f"{ticket_path()}/agree-to-application"))
    done(await api.platform.post(f"{ticket_path()}/record-refund-success", key="2"))
    await _assert_refused(api, order, "order_fully_refunded")


async def _assert_refused(api: Api, order: str, code: str) -> None:
    check = done(await api.merchant.get(f"{order}/after-sales-entry"))["eligibility"]
    assert check["eligible"] is False
    failed = [rule for rule in check["rules"] if not rule["passed"]]
    assert code in {rule["code"] for rule in failed}
    before = await api.contents()
    answer = await api.merchant.post(f"{order}/after-sales-entry/open", OPEN)
    assert problem(answer, 409, "not_eligible")["failed_rules"] == failed
    assert all(rule["text"]["zh_cn"] and rule["text"]["en"] for rule in failed)
    assert await api.contents() == before


APPLICATIONS = (
    ("refund-requests", a_refund(), "refund_only", "refunding"),
    ("refund-requests", a_refund(return_goods=True), "return_and_refund", "awaiting_return"),
    ("exchange-requests", some_goods(), "exchange", "awaiting_return"),
    ("reissue-requests", some_goods(), "reissue", "awaiting_replacement"),
    ("repair-requests", some_goods(), "repair", "awaiting_return"),
)


@pytest.mark.parametrize("past_the_period", [True, False])
async def test_all_five_types_can_be_applied_for_in_and_past_the_period(
    api: Api, past_the_period: bool
) -> None:
    for path, application, ticket_type, next_state in APPLICATIONS:
        order = await (opened if past_the_period else registered)(api, f"order-{ticket_type}")
        answer = await api.consumer().post(f"{order}/{path}", application, key=ticket_type)
        ticket = done(answer, 201)
        assert ticket["type"] == ticket_type
        assert ticket["overdue"] is past_the_period
        assert len(ticket["labels"]) == (1 if past_the_period else 0)
        assert ticket["entry_generation"] == (1 if past_the_period else None)
        ticket_of = ticket_path(1, f"order-{ticket_type}")
        agreed = done(await api.merchant.post(f"{ticket_of}/agree-to-application"))
        assert agreed["state"] == next_state


async def test_an_order_has_one_ticket_under_way_at_a_time(api: Api) -> None:
    ticket = await applied(api)
    again = f"{order_path()}/exchange-requests"
    second = await api.consumer().post(again, some_goods(), key="second")
    refused = problem(second, 409, "ticket_already_active")
    assert refused["facts"] == {"ticket_id": ticket.rpartition("/")[2]}
    done(await api.consumer().post(f"{ticket}/withdraw-application"))
    done(await api.consumer().post(again, some_goods(), key="third"), 201)


async def test_the_period_takes_five_applications_and_an_opened_entry_any_number(api: Api) -> None:
    order = await received(api, confirmed_at="2021-03-14T09:00:00Z")
    for number in range(1, 6):
        await _apply_and_withdraw(api, order, number)
    sixth = await api.consumer().post(f"{order}/refund-requests", a_refund(), key="6")
    assert problem(sixth, 409, "application_limit_reached")["facts"] == {"limit": 5}
    api.clock.advance(6 * DAY)
    done(await api.merchant.post(f"{order}/after-sales-entry/open", OPEN))
    for number in range(6, 13):
        ticket = await _apply_and_withdraw(api, order, number)
        assert ticket["overdue"] is True


async def _apply_and_withdraw(api: Api, order: str, number: int) -> dict[str, Any]:
    consumer = api.consumer()
    answer = await consumer.post(f"{order}/refund-requests", a_refund(), key=f"n-{number}")
    ticket = done(answer, 201)
    withdrawn = done(await consumer.post(f"{ticket_path(number)}/withdraw-application"))
    assert (withdrawn["state"], withdrawn["close_cause"]) == ("closed", "withdrawn")
    return ticket


async def test_a_rejected_application_tells_why_and_can_be_taken_back(api: Api) -> None:
    ticket = await applied(api)
    why = {"reason": "no_evidence", "note": "请补充照片", "evidence": [a_picture()]}
    rejected = done(await api.merchant.post(f"{ticket}/reject-application", why))
    assert rejected["state"] == "rejected"
    assert rejected["rejection"]["reason_text"]["zh_cn"] == "缺少凭证"
    assert rejected["rejection"]["note"] == "请补充照片"
    assert rejected["rejection"]["evidence"] == [a_picture()]
    problem(await api.merchant.post(f"{ticket}/agree-to-application"), 409, "already_decided")
    assert done(await api.consumer().post(f"{ticket}/withdraw-application"))["state"] == "closed"


async def test_an_entry_left_alone_closes_and_can_be_asked_for_again(api: Api) -> None:
    order = await opened(api)
    asking = f"{order}/after-sales-entry/reopening-request"
    problem(await api.consumer().post(asking, {}), 409, "entry_still_open")
    api.clock.advance(5 * DAY)
    late = await api.consumer().post(f"{order}/refund-requests", a_refund(), key="late")
    problem(late, 409, "entry_not_open")
    asked = done(await api.consumer().post(asking, {"note": "还想退"}))
    assert asked["state"] == "closed"
    assert asked["reopening_request"]["note"] == "还想退"
    no = {"reason": "outside_promise"}
    declined = done(await api.merchant.post(f"{order}/after-sales-entry/decline", no))
    assert declined["last_decline"]["reason"] == "outside_promise"
    again = await api.merchant.post(f"{order}/after-sales-entry/decline", no)
    problem(again, 409, "reopening_not_requested")
    reopened = done(await api.merchant.post(f"{order}/after-sales-entry/open", OPEN))
    assert (reopened["state"], reopened["generation"]) == ("open", 2)
    assert reopened["last_decline"] is None


async def test_nobody_asks_for_an_entry_again_that_never_was(api: Api) -> None:
    order = await received(api)
    answer = await api.consumer().post(f"{order}/after-sales-entry/reopening-request", {})
    problem(answer, 409, "entry_never_opened")


async def test_many_entries_are_opened_at_once_each_with_its_own_result(api: Api) -> None:
    for number in (1, 2):
        await received(api, f"order-{number}")
    await registered(api, "order-3")
    named = ["order-3", "order-1", "order-4", "order-2", "order-1"]
    answer = await api.merchant.post(
        f"/v1/shops/{SHOP}/after-sales-entries/open", {**OPEN, "order_ids": named}
    )
    results = done(answer)["results"]
    assert [result["order_id"] for result in results] == named
    assert [result["status"] for result in results] == [409, 200, 404, 200, 200]
    assert [result["code"] for result in results] == [
        "not_eligible",
        None,
        "order_not_found",
        None,
        None,
    ]
    assert results[1]["entry"]["generation"] == 1
    assert results[0]["failed_rules"][0]["code"] == "receipt_not_confirmed"


async def test_an_order_can_be_seen_as_it_stood_at_any_past_instant(api: Api) -> None:
    order = await received(api)
    before_opening = api.clock.now()
    api.clock.advance(DAY)
    done(await api.merchant.post(f"{order}/after-sales-entry/open", OPEN))
    opened_at = api.clock.now()
    api.clock.advance(6 * DAY)
    views = {
        at: done(await api.merchant.get(order, {"as_of": at.isoformat()}))
        for at in (before_opening, opened_at, opened_at + 5 * DAY)
    }
    assert [view["after_sales_entry"]["state"] for view in views.values()] == [
        "never_opened",
        "open",
        "closed",
    ]
    assert [len(view["operation_log"]) for view in views.values()] == [3, 4, 4]
    early = await api.merchant.get(order, {"as_of": "2021-03-15T08:59:59+00:00"})
    problem(early, 404, "order_not_found")


async def test_eligibility_can_be_asked_for_another_instant(api: Api) -> None:
    order = await received(api)
    boundary = instant(RECEIVED) + 7 * DAY
    for at, eligible in ((boundary, True), (boundary - timedelta(microseconds=1), False)):
        entry = done(await api.merchant.get(f"{order}/after-sales-entry", {"at": at.isoformat()}))
        assert entry["eligibility"]["eligible"] is eligible


async def test_the_same_facts_again_change_nothing_and_other_facts_are_refused(api: Api) -> None:
    order = await received(api)
    before = await api.contents()
    assert done(await api.platform.post(orders_of(), an_order()))["version"] == 3
    again = await api.platform.post(f"{order}/receipt-confirmation", {"confirmed_at": RECEIVED})
    done(again)
    other = await api.platform.post(orders_of(), an_order(buyer_id="buyer-9"))
    problem(other, 409, "order_facts_conflict")
    moved = {"confirmed_at": "2021-03-06T04:00:00Z"}
    answer = await api.platform.post(f"{order}/receipt-confirmation", moved)
    problem(answer, 409, "fact_conflict")
    assert await api.contents() == before


async def test_lists_show_what_they_are_filtered_by_page_by_page(api: Api) -> None:
    for number in range(5):
        await registered(api, f"order-{number}", created_at=f"2021-03-0{number + 1}T00:00:00Z")
    await opened(api, "order-open")
    await registered(api, "order-1", shop_id="shop-2")
    await api.follow()
    newest_first = ["order-4", "order-3", "order-2", "order-1", "order-open", "order-0"]
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = done(await api.merchant.get(orders_of(), {"limit": 2, **cursor}))
        seen += [order["order_id"] for order in page["orders"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == newest_first
    filtered: list[tuple[dict[str, Any], list[str]]] = [
        ({"entry_state": "open"}, ["order-open"]),
        ({"eligible_by_age": "true"}, ["order-open"]),
        ({"created_from": "2021-03-04T00:00:00Z"}, ["order-4", "order-3"]),
        ({"created_to": "2021-03-01T00:00:01Z"}, ["order-0"]),
        ({"buyer_id": "buyer-9"}, []),
        ({"ticket_state": "pending_merchant"}, []),
    ]
    for query, expected in filtered:
        listed = done(await api.merchant.get(orders_of(), query))
        assert [order["order_id"] for order in listed["orders"]] == expected, query


async def test_tickets_are_listed_by_state_label_and_deadline(api: Api) -> None:
    await applied(api, "order-1")
    await registered(api, "order-2")
    consumer = api.consumer()
    in_period = await consumer.post(
        f"{order_path('order-2')}/exchange-requests", some_goods(), key="1"
    )
    done(in_period, 201)
    await api.follow()
    soon = (api.clock.now() + timedelta(hours=48, seconds=1)).isoformat()
    filtered: list[tuple[dict[str, Any], set[str]]] = [
        ({}, {"order-1-1", "order-2-1"}),
        ({"overdue": "true"}, {"order-1-1"}),
        ({"overdue": "false"}, {"order-2-1"}),
        ({"order_id": "order-2"}, {"order-2-1"}),
        ({"state": "refunding"}, set()),
        ({"due_before": soon}, {"order-1-1", "order-2-1"}),
        ({"due_before": api.clock.now().isoformat()}, set()),
    ]
    for query, expected in filtered:
        listed = done(await api.merchant.get(f"/v1/shops/{SHOP}/tickets", query))
        assert {ticket["ticket_id"] for ticket in listed["tickets"]} == expected, query
