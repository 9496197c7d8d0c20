"""A shop's money over HTTP: what finance reports, what there is, and the ledger of it."""

import asyncio
import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from app.clock import ManualClock
from app.resources import Resources
from tests.conftest import START
from tests.support.api import OTHER_SHOP, SHOP, Api, api_settings, running_api
from tests.support.story import done, problem, registered

HOUR = timedelta(hours=1)
FUNDS = f"/v1/shops/{SHOP}/funds"
LEDGER = f"{FUNDS}/ledger"


def a_movement(amount: Any = 5_000, **changes: Any) -> dict[str, Any]:
    """Return a top-up of the deposit, or a withdrawal if its account is told."""
    return {"reference": "payment-1", "account": "deposit", "amount": amount, **changes}


async def topped_up(api: Api, amount: int = 5_000, **changes: Any) -> dict[str, Any]:
    """Pay money in, under a reference of its own, and return what there is then."""
    body = a_movement(amount, **changes)
    return done(await api.platform.post(f"{FUNDS}/top-ups", body, key=body["reference"]), 201)


async def references(api: Api, **query: str) -> list[str]:
    """Return the references of the journals that fit a query, as listed."""
    page = done(await api.merchant.get(LEDGER, query))
    return [one["reference"] for one in page["journals"]]


def exported(answer: httpx.Response) -> list[dict[str, str]]:
    """Return the rows of an export."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="ledger-{SHOP}.csv"'
    return list(csv.DictReader(StringIO(answer.text)))


def held(funds: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Return what is available and reserved, by account."""
    return {one["account"]: (one["available"], one["reserved"]) for one in funds["accounts"]}


async def test_what_was_just_paid_in_is_shown_before_any_reader_ran(api: Api) -> None:
    nothing = await api.merchant.get(FUNDS)
    assert nothing.headers["etag"] == '"0"'
    assert set(held(done(nothing)).values()) == {(0, 0)}
    await topped_up(api, 5_000, account="cash_wechat", reference="p-1")
    answered = await topped_up(api, 700, reference="p-2")
    shown = await api.merchant.get(FUNDS)
    funds = done(shown)
    assert funds.pop("escrow") == {"balance": 0, "current_to": 0}
    assert funds == answered
    assert shown.headers["etag"] == f'"{funds["version"]}"' == '"2"'
    assert held(funds) == {
        "cash_alipay": (0, 0),
        "cash_wechat": (5_000, 0),
        "cash_aggregate": (0, 0),
        "deposit": (700, 0),
    }
    assert funds["deposit"]["balance"] == 700


async def test_what_another_process_wrote_is_shown_too(
    api: Api, resources: Resources, clock: ManualClock
) -> None:
    await topped_up(api, reference="p-1")
    async with running_api(api_settings(resources.settings), clock, resources) as other:
        await topped_up(other, 300, reference="p-2")
        assert done(await api.merchant.get(FUNDS))["deposit"]["balance"] == 5_300
        await topped_up(api, 20, reference="p-3")
        assert done(await other.merchant.get(FUNDS))["deposit"]["balance"] == 5_320


async def test_a_deposit_below_its_level_says_so_until_it_is_topped_up(api: Api) -> None:
    level = done(await api.platform.put(f"{FUNDS}/required-deposit", {"level": 6_000}))
    assert level["deposit"] == {
        "balance": 0,
        "required": 6_000,
        "arrears": 0,
        "below_required": True,
        "restricted": False,
    }
    again = done(await api.platform.put(f"{FUNDS}/required-deposit", {"level": 6_000}))
    assert again == level
    assert (await topped_up(api, 6_000))["deposit"]["below_required"] is False
    invalid = await api.platform.put(f"{FUNDS}/required-deposit", {"level": -1})
    problem(invalid, 422, "request_invalid")


async def test_money_is_taken_out_of_cash_only_and_no_more_than_there_is(api: Api) -> None:
    await topped_up(api, 1_000, account="cash_alipay", reference="p-1")
    await topped_up(api, 1_000, reference="p-2")
    path = f"{FUNDS}/withdrawals"
    for number, (account, amount) in enumerate(
        (("cash_alipay", 1_001), ("cash_wechat", 1), ("deposit", 1))
    ):
        body = a_movement(amount, account=account, reference=f"w-{number}")
        problem(await api.platform.post(path, body, key=f"w-{number}"), 409, "balance_insufficient")
    body = a_movement(1_000, account="cash_alipay", reference="w-3")
    taken = done(await api.platform.post(path, body, key="w-3"), 201)
    assert held(taken)["cash_alipay"] == (0, 0)


@pytest.mark.parametrize("path", ["top-ups", "withdrawals"])
async def test_amounts_that_cannot_be_moved_are_refused_and_move_nothing(
    api: Api, path: str
) -> None:
    before = await api.contents()
    for number, (account, amount) in enumerate(
        (("deposit", 0), ("deposit", -5), ("cash_alipay", -(2**53)), ("escrow", 1), ("outside", 1))
    ):
        body = a_movement(amount, account=account)
        answer = await api.platform.post(f"{FUNDS}/{path}", body, key=f"key-{number}")
        problem(answer, 422, "amount_not_movable")
    for no_amount in (1.5, "5", None, 2**63, True):
        answer = await api.platform.post(f"{FUNDS}/{path}", a_movement(no_amount), key="key")
        problem(answer, 422, "request_invalid")
    after = await api.contents()
    assert {t: row for t, row in after.items() if t != "idempotency_keys"} == {
        t: row for t, row in before.items() if t != "idempotency_keys"
    }


async def test_more_than_an_amount_can_be_is_not_paid_in(api: Api) -> None:
    await topped_up(api, 2**63 - 1, reference="p-1")
    answer = await api.platform.post(f"{FUNDS}/top-ups", a_movement(1, reference="p-2"), key="p-2")
    problem(answer, 422, "amount_not_movable")


async def test_a_top_up_repeated_is_booked_once_whatever_its_key(api: Api) -> None:
    path, body = f"{FUNDS}/top-ups", a_movement()
    first = await api.platform.post(path, body, key="key-1")
    again = await api.platform.post(path, body, key="key-1")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["etag"] == first.headers["etag"]
    with capture_logs() as logs:
        problem(await api.platform.post(path, body, key="key-2"), 409, "reference_repeated")
    (line,) = [one for one in logs if one["event"] == "funds_command_refused"]
    assert (line["shop_id"], line["code"]) == (SHOP, "reference_repeated")
    other = a_movement(1, reference="payment-2")
    problem(await api.platform.post(path, other, key="key-1"), 422, "idempotency_key_reused")
    problem(await api.platform.post(path, body), 422, "idempotency_key_required")
    assert done(await api.merchant.get(FUNDS))["deposit"]["balance"] == 5_000


async def test_two_top_ups_at_once_are_both_booked(api: Api) -> None:
    await topped_up(api, reference="p-0")
    answers = await asyncio.gather(
        *(
            api.platform.post(
                f"{FUNDS}/top-ups", a_movement(100, reference=f"p-{number}"), key=f"p-{number}"
            )
            for number in (1, 2)
        )
    )
    balances = {done(answer, 201)["deposit"]["balance"] for answer in answers}
    assert balances == {5_100, 5_200}
    assert done(await api.merchant.get(FUNDS))["deposit"]["balance"] == 5_200


async def test_one_top_up_sent_ten_times_at_once_is_booked_once(api: Api) -> None:
    answers = await asyncio.gather(
        *(
            api.platform.post(f"{FUNDS}/top-ups", a_movement(100), key=f"key-{number % 5}")
            for number in range(10)
        )
    )
    booked = [answer for answer in answers if answer.status_code == 201]
    assert {answer.headers.get("etag") for answer in booked} == {'"1"'}
    for answer in answers:
        if answer.status_code != 201:
            assert (answer.status_code, answer.json()["code"]) == (409, "reference_repeated")
    assert done(await api.merchant.get(FUNDS))["deposit"]["balance"] == 100


async def test_the_ledger_lists_every_movement_newest_first_with_lines_that_add_up(
    api: Api,
) -> None:
    await registered(api)
    await topped_up(api, 5_000, reference="p-1")
    await topped_up(api, 700, reference="p-2", account="cash_alipay")
    body = a_movement(200, reference="w-1", account="cash_alipay")
    done(await api.platform.post(f"{FUNDS}/withdrawals", body, key="w-1"), 201)
    await api.follow()
    page = done(await api.merchant.get(LEDGER))
    assert page["next_cursor"] is None
    assert page["current_to"] == 4
    kinds = [one["kind"]["code"] for one in page["journals"]]
    assert sorted(kinds) == ["order_paid", "topped_up", "topped_up", "withdrawn"]
    assert {sum(line["amount"] for line in one["lines"]) for one in page["journals"]} == {0}
    paid = page["journals"][kinds.index("order_paid")]
    assert (paid["order_id"], paid["lines"]) == (
        "order-1",
        [{"account": "outside", "amount": -10_000}, {"account": "escrow", "amount": 10_000}],
    )
    assert paid["kind"]["text"] == {"zh_cn": "买家付款", "en": "The buyer paid"}
    assert done(await api.merchant.get(FUNDS))["escrow"] == {"balance": 10_000, "current_to": 4}


async def test_pages_of_the_ledger_meet_and_filters_leave_the_rest_out(api: Api) -> None:
    for number in range(5):
        account = "cash_wechat" if number == 3 else "deposit"
        await topped_up(api, 100 + number, reference=f"p-{number}", account=account)
        api.clock.advance(HOUR)
    await api.follow()
    found, cursor = [], None
    while True:
        query = {"limit": 2, **({} if cursor is None else {"cursor": cursor})}
        page = done(await api.merchant.get(LEDGER, query))
        found += [one["reference"] for one in page["journals"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == [f"p-{number}" for number in (4, 3, 2, 1, 0)]
    assert await references(api, account="cash_wechat") == ["p-3"]
    assert await references(api, kind="withdrawn") == []
    between = {"at_from": (START + HOUR).isoformat(), "at_to": (START + 3 * HOUR).isoformat()}
    assert await references(api, **between) == ["p-2", "p-1"]
    assert await references(api, order_id="order-1") == []
    assert await references(api, refund_key="shop-1:order-1-1") == []


async def test_queries_that_make_no_sense_are_refused(api: Api) -> None:
    for path in (LEDGER, f"{LEDGER}.csv"):
        wrong_way = {"at_from": "2021-03-02T00:00:00Z", "at_to": "2021-03-02T00:00:00Z"}
        problem(await api.merchant.get(path, wrong_way), 422, "filters_contradict")
        for query in ({"account": "gold"}, {"kind": "gift"}, {"order_id": "?"}, {"from": "x"}):
            problem(await api.merchant.get(path, query), 422, "request_invalid")
    problem(await api.merchant.get(f"{LEDGER}.csv", {"limit": 1}), 422, "request_invalid")
    orders = done(await api.platform.get(f"/v1/shops/{SHOP}/orders", {"limit": 1}))
    assert orders["next_cursor"] is None
    problem(await api.merchant.get(LEDGER, {"cursor": "AAAA"}), 422, "cursor_invalid")


async def test_the_export_holds_a_row_for_every_line_however_many_pages_it_takes(api: Api) -> None:
    await registered(api)
    for number in range(250):
        await topped_up(api, 1 + number, reference=f"p-{number}")
    await api.follow()
    answer = await api.merchant.get(f"{LEDGER}.csv")
    rows = exported(answer)
    assert len(rows) == 2 * 251
    by_journal: dict[str, int] = {}
    for row in rows:
        by_journal[row["journal_id"]] = by_journal.get(row["journal_id"], 0) + int(row["amount"])
    assert set(by_journal.values()) == {0}
    deposit = [int(row["amount"]) for row in rows if row["account"] == "deposit"]
    assert sum(deposit) == done(await api.merchant.get(FUNDS))["deposit"]["balance"]
    escrow = exported(await api.merchant.get(f"{LEDGER}.csv", {"account": "escrow"}))
    assert [(row["kind"], row["order_id"]) for row in escrow] == [("order_paid", "order-1")] * 2


async def test_what_is_another_shops_is_not_shown_and_no_merchant_books(api: Api) -> None:
    await topped_up(api)
    await api.follow()
    for path in (FUNDS, LEDGER, f"{LEDGER}.csv"):
        problem(await api.other_merchant.get(path), 404, "not_found")
        problem(await api.consumer().get(path), 403, "role_not_allowed")
    other = f"/v1/shops/{OTHER_SHOP}/funds"
    assert set(held(done(await api.other_merchant.get(other))).values()) == {(0, 0)}
    assert done(await api.other_merchant.get(f"{other}/ledger"))["journals"] == []
    refused = await api.merchant.post(f"{FUNDS}/top-ups", a_movement(), key="key")
    problem(refused, 403, "role_not_allowed")
