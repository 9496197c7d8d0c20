"""Searching tickets over HTTP: what is found, by whom, page by page; what nobody could find."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.api import OTHER_BUYER, OTHER_SHOP, SHOP, Api, Caller
from tests.support.story import a_refund, applied, done, problem

TICKETS = f"/v1/shops/{SHOP}/tickets"
HOUR = timedelta(hours=1)


async def found(caller: Caller, **query: Any) -> list[str]:
    """Return the orders of the tickets a search shows."""
    return [ticket["order_id"] for ticket in done(await caller.get(TICKETS, query))["tickets"]]


async def test_a_shop_finds_what_waits_for_it_and_what_is_due_soon(api: Api) -> None:
    first = await applied(api, "first")
    api.clock.advance(24 * HOUR)
    await applied(api, "second", application=a_refund(return_goods=True, reason="damaged"))
    done(await api.merchant.post(f"{first}/agree-to-application"))
    await api.follow()
    for query, expected in (
        ({"waiting_for": "merchant"}, ["second"]),
        ({"waiting_for": "platform"}, ["first"]),
        ({"due_within_hours": 47}, []),
        ({"due_within_hours": 49}, ["second"]),
        ({"sort": "due_at"}, ["second"]),
        ({"sort": "due_at", "waiting_for": "merchant", "overdue": True}, ["second"]),
        ({"reason": "damaged", "type": "return_and_refund"}, ["second"]),
        ({"amount_from": 1_000, "amount_to": 1_000}, ["second", "first"]),
        ({"amount_from": 1_001}, []),
    ):
        assert await found(api.merchant, **query) == expected, query
    ticket = done(await api.merchant.get(first))
    assert ticket["waiting_for"] == "platform"
    assert done(await api.consumer().get(f"{TICKETS}/second-1"))["waiting_for"] == "merchant"


async def test_a_parcel_is_found_however_its_number_is_typed_and_by_nobody_else(api: Api) -> None:
    ticket = await applied(api, application=a_refund(return_goods=True))
    done(await api.merchant.post(f"{ticket}/agree-to-application"))
    sent = {"carrier": "sf", "tracking_number": "SF123456789"}
    done(await api.consumer().post(f"{ticket}/ship-goods-back", sent))
    await api.follow()
    for typed in ("SF123456789", " sf 123 456 789 "):
        assert await found(api.merchant, tracking_number=typed) == ["order-1"]
        assert await found(api.consumer(), tracking_number=typed) == ["order-1"]
        assert await found(api.consumer(OTHER_BUYER), tracking_number=typed) == []
    elsewhere = f"/v1/shops/{OTHER_SHOP}/tickets"
    asked = {"tracking_number": "SF123456789"}
    assert done(await api.other_merchant.get(elsewhere, asked))["tickets"] == []
    problem(await api.other_merchant.get(TICKETS, asked), 404, "not_found")


@pytest.mark.parametrize(
    ("query", "code", "pointer"),
    [
        ({"amount_from": 2, "amount_to": 1}, "filters_contradict", "query/amount_from"),
        (
            {"created_from": "2021-03-02T00:00:00Z", "created_to": "2021-03-02T08:00:00+08:00"},
            "filters_contradict",
            "query/created_from",
        ),
        (
            {"due_before": "2021-03-02T00:00:00Z", "due_within_hours": 1},
            "filters_contradict",
            "query/due_within_hours",
        ),
        ({"state": "closed", "due_within_hours": 1}, "filters_contradict", "query/state"),
        (
            {"state": "pending_merchant", "waiting_for": "consumer"},
            "filters_contradict",
            "query/waiting_for",
        ),
        ({"state": "closed", "waiting_for": "merchant"}, "filters_contradict", "query/waiting_for"),
        ({"state": "refunding", "sort": "due_at"}, "sort_without_deadline", "query/sort"),
        ({"waiting": "merchant"}, "request_invalid", "query/waiting"),
        ({"waiting_for": "me"}, "request_invalid", "query/waiting_for"),
        ({"sort": "amount"}, "request_invalid", "query/sort"),
        ({"due_within_hours": 0}, "request_invalid", "query/due_within_hours"),
        ({"amount_from": -1}, "request_invalid", "query/amount_from"),
        ({"amount_to": 2**63}, "request_invalid", "query/amount_to"),
    ],
)
async def test_a_search_that_nothing_could_pass_is_refused_and_pointed_at(
    api: Api, query: dict[str, Any], code: str, pointer: str
) -> None:
    refused = problem(await api.merchant.get(TICKETS, query), 422, code)
    assert [error["pointer"] for error in refused["errors"]] == [pointer]


async def test_what_can_be_no_tracking_number_is_not_searched_for(api: Api) -> None:
    for number in ("1", "AAAAAAAA", "SF12345\x00678", "请看照片"):
        answer = await api.merchant.get(TICKETS, {"tracking_number": number})
        problem(answer, 422, "tracking_number_invalid")


async def test_a_cursor_goes_on_in_its_own_order_only(api: Api) -> None:
    for number in range(5):
        await applied(api, f"order-{number}")
        api.clock.advance(HOUR)
    await api.follow()
    expected = [f"order-{number}" for number in range(5)]
    for sort, orders in (("due_at", expected), ("newest", expected[::-1])):
        seen: list[str] = []
        query: dict[str, Any] = {"sort": sort, "limit": 2, "waiting_for": "merchant"}
        while True:
            page = done(await api.merchant.get(TICKETS, query))
            seen += [ticket["order_id"] for ticket in page["tickets"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert seen == orders
        other = "newest" if sort == "due_at" else "due_at"
        strange = {"sort": other, "cursor": query["cursor"]}
        problem(await api.merchant.get(TICKETS, strange), 422, "cursor_invalid")
