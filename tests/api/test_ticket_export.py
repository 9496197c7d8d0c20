"""Tickets as CSV: what a row says, in which language, and where a long export goes on."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.clock import ManualClock
from app.resources import Resources
from app.settings import Settings
from tests.support.api import OTHER_SHOP, SHOP, Api, Caller, api_settings, running_api
from tests.support.story import A_PARCEL, a_refund, applied, done, problem

EXPORT = f"/v1/shops/{SHOP}/tickets.csv"

COLUMNS = [
    *("ticket_id", "order_id", "buyer_id", "type", "type_text", "state", "state_text"),
    *("waiting_for", "waiting_for_text", "overdue", "labels", "reason", "reason_text"),
    *("description", "amount", "refunded_amount", "currency", "created_at", "updated_at"),
    *("due_at", "due_action", "due_action_text", "return_carrier", "return_tracking_number"),
    *("replacement_carrier", "replacement_tracking_number", "closed_at", "close_cause"),
    *("close_cause_text", "version"),
]


async def exported(
    caller: Caller, language: str = "en", **query: Any
) -> tuple[list[dict[str, str]], httpx.Response]:
    """Return the rows of an export by column, and the answer they came in."""
    answer = await caller.get(EXPORT, query, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-language"] == language
    rows = list(csv.reader(io.StringIO(answer.content.decode(), newline=""), strict=True))
    assert rows[0] == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows[1:]], answer


async def test_a_row_tells_of_a_ticket_in_codes_and_in_the_language_preferred(api: Api) -> None:
    ticket = await applied(api, application=a_refund(return_goods=True, description="坏了, 真的"))
    done(await api.merchant.post(f"{ticket}/agree-to-application"))
    done(await api.consumer().post(f"{ticket}/ship-goods-back", A_PARCEL))
    await api.follow()
    shown = done(await api.merchant.get(ticket))
    ((row,), answer) = await exported(api.merchant, "zh-CN")
    assert row == {
        "ticket_id": "order-1-1",
        "order_id": "order-1",
        "buyer_id": "buyer-1",
        "type": "return_and_refund",
        "type_text": "退货退款",
        "state": "awaiting_merchant_receipt",
        "state_text": "待商家收货",
        "waiting_for": "merchant",
        "waiting_for_text": "商家",
        "overdue": "true",
        "labels": "超期售后",
        "reason": "promised_after_sales",
        "reason_text": "商家承诺的售后",
        "description": "坏了, 真的",
        "amount": "1000",
        "refunded_amount": "0",
        "currency": "CNY",
        "created_at": shown["created_at"],
        "updated_at": shown["updated_at"],
        "due_at": shown["due"]["at"],
        "due_action": "confirm_return",
        "due_action_text": "将自动确认收到退货",
        "return_carrier": shown["return_parcel"]["carrier_text"]["zh_cn"],
        "return_tracking_number": shown["return_parcel"]["tracking_number"],
        **dict.fromkeys(("replacement_carrier", "replacement_tracking_number"), ""),
        **dict.fromkeys(("closed_at", "close_cause", "close_cause_text"), ""),
        "version": str(shown["version"]),
    }
    name = 'attachment; filename="tickets-shop-1-20210315T090000Z.csv"'
    assert answer.headers["content-disposition"] == name
    assert answer.content.endswith(b"\r\n")
    ((english,), _) = await exported(api.merchant, "en")
    assert (english["labels"], english["waiting_for_text"]) == (
        "Past after-sales period",
        "merchant",
    )


CELLS = {
    '=HYPERLINK("http://evil.example","退款")': '\'=HYPERLINK("http://evil.example","退款")',
    "+1": "'+1",
    "-2+3": "'-2+3",
    "@SUM(A1)": "'@SUM(A1)",
    "＝1+1": "'＝1+1",
    "  =1+1": "'  =1+1",
    'say "no", twice': 'say "no", twice',
    "1 = 1": "1 = 1",
    "'quoted'": "'quoted'",
}
"""What buyers write, and what stands in the cell."""


async def test_no_text_of_a_buyer_becomes_a_formula_or_another_cell(api: Api) -> None:
    for number, description in enumerate(CELLS):
        await applied(api, f"order-{number}", application=a_refund(description=description))
    await api.follow()
    rows, _ = await exported(api.merchant, sort="due_at")
    assert [row["description"] for row in rows] == list(CELLS.values())
    assert all(row["version"].isdecimal() for row in rows)


async def test_an_export_holds_what_a_search_finds_in_its_order(api: Api) -> None:
    for number, amount in enumerate((1_000, 2_000, 3_000)):
        await applied(api, f"order-{number}", application=a_refund(amount))
    done(await api.merchant.post(f"/v1/shops/{SHOP}/tickets/order-1-1/agree-to-application"))
    await api.follow()
    for query, expected in (
        ({}, ["order-2", "order-1", "order-0"]),
        ({"sort": "due_at"}, ["order-0", "order-2"]),
        ({"waiting_for": "merchant", "amount_to": 1_000}, ["order-0"]),
        ({"waiting_for": "consumer"}, []),
    ):
        rows, _ = await exported(api.merchant, **query)
        assert [row["order_id"] for row in rows] == expected, query
    rows, _ = await exported(api.platform, waiting_for="platform")
    assert [row["order_id"] for row in rows] == ["order-1"]


async def test_a_byte_order_mark_stands_in_front_if_asked_for(api: Api) -> None:
    with_mark = await api.merchant.get(EXPORT, {"bom": True})
    without = await api.merchant.get(EXPORT)
    assert with_mark.content == b"\xef\xbb\xbf" + without.content
    assert without.content.startswith(b"ticket_id,")


async def test_who_may_not_see_the_tickets_gets_no_export_of_them(api: Api) -> None:
    await applied(api)
    await api.follow()
    for caller, status, code in (
        (api.consumer(), 403, "role_not_allowed"),
        (api.other_merchant, 404, "not_found"),
        (api.nobody, 401, "unauthenticated"),
    ):
        problem(await caller.get(EXPORT), status, code)
    elsewhere = await api.other_merchant.get(f"/v1/shops/{OTHER_SHOP}/tickets.csv")
    assert elsewhere.content.decode().splitlines() == [",".join(COLUMNS)]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"amount_from": 2, "amount_to": 1}, "filters_contradict"),
        ({"state": "closed", "sort": "due_at"}, "sort_without_deadline"),
        ({"tracking_number": "1"}, "tracking_number_invalid"),
        ({"cursor": "x"}, "cursor_invalid"),
        ({"limit": 10}, "request_invalid"),
    ],
)
async def test_what_cannot_be_searched_for_cannot_be_exported(
    api: Api, query: dict[str, Any], code: str
) -> None:
    problem(await api.merchant.get(EXPORT, query), 422, code)


@pytest.fixture
async def three_at_most(
    settings: Settings, clock: ManualClock, resources: Resources
) -> AsyncIterator[Api]:
    """Serve the application with exports of three rows at most."""
    limited = api_settings(settings, export_rows_max=3)
    bounded = Resources(
        settings=limited,
        clock=resources.clock,
        database_url=resources.database_url,
        pool=resources.pool,
        engine=resources.engine,
    )
    async with running_api(limited, clock, bounded) as running:
        yield running


@pytest.mark.parametrize("sort", ["newest", "due_at"])
async def test_an_export_that_takes_not_all_says_from_the_start_where_the_rest_is(
    three_at_most: Api, sort: str
) -> None:
    api = three_at_most
    for number in range(7):
        await applied(api, f"order-{number}")
    await api.follow()
    parts, query = [], {"sort": sort, "waiting_for": "merchant"}
    rows, answer = await exported(api.merchant, **query)
    parts.append(len(rows))
    seen = [row["order_id"] for row in rows]
    while "next-cursor" in answer.headers:
        link = answer.links["next"]["url"]
        assert httpx.URL(link).params["cursor"] == answer.headers["next-cursor"]
        assert httpx.URL(link).params["waiting_for"] == "merchant"
        rows, answer = await exported(api.merchant, **dict(httpx.URL(link).params))
        parts.append(len(rows))
        seen += [row["order_id"] for row in rows]
    assert parts == [3, 3, 1]
    expected = [f"order-{number}" for number in range(7)]
    assert seen == (expected if sort == "due_at" else expected[::-1])
    assert "link" not in answer.headers


async def test_an_export_of_exactly_as_many_as_it_takes_is_all_there_is(
    three_at_most: Api,
) -> None:
    for number in range(3):
        await applied(three_at_most, f"order-{number}")
    await three_at_most.follow()
    rows, answer = await exported(three_at_most.merchant)
    assert (len(rows), "next-cursor" in answer.headers) == (3, False)
