"""Statements: what refunds past the period come to in a month, the same however one takes it."""

import csv
import random
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from io import StringIO
from typing import Any

import pytest

from app.api.resources.statements import PRINTED_ROWS_MAX
from app.clock import ManualClock
from app.domain.calendar_month import CalendarMonth
from app.domain.funds.accounts import Account
from app.domain.funds.commands import TopUp
from app.event_store.log import EventLog
from app.event_store.streams import partition_of
from app.event_types.registry import event_codec
from tests.api.expected_statement import as_reckoned, flat, reckoned
from tests.projections.event_log import Logged
from tests.projections.refund_histories import AGREED, Refunded
from tests.support.api import OTHER_SHOP, SHOP, Api
from tests.support.clocks import in_test_mode
from tests.support.orders import HOUR, INSTANT
from tests.support.story import done, problem

MARCH = CalendarMonth(year=2021, month=3)
PATH = f"/v1/shops/{SHOP}/funds/statements"
LATER = datetime(2021, 6, 1, tzinfo=UTC)

# As many more refunds like the one there is; those there are already stay.
ALIKE = """
INSERT INTO after_sales.refunds
SELECT (jsonb_populate_record(r, jsonb_build_object('ticket_id', 'alike-' || n || '-1'))).*
FROM after_sales.refunds AS r CROSS JOIN generate_series(1, $1::int) AS n
WHERE r.ticket_id = 'order-1-1'
ON CONFLICT DO NOTHING
"""


def stand_at(clock: ManualClock, instant: datetime) -> None:
    """Move the clock to an instant."""
    clock.advance(instant - clock.now())


@pytest.fixture
def shop(api: Api) -> Refunded:
    """Return a shop without any refund yet; its clock stands in June, three months later."""
    stand_at(api.clock, LATER)
    pool = api.resources.pool
    return Refunded(pool, Logged(pool))


async def paid(shop: Refunded, order_id: str, amount: int, *, at: datetime, **how: Any) -> None:
    """Grant a refund and let it arrive at an instant."""
    await shop.grant(order_id, amount, **how)
    await shop.find_money()
    await shop.note_funding(order_id, at=max(AGREED, at - HOUR))
    await shop.succeed(order_id, at=at)


async def paid_out(shop: Refunded, order_id: str, amount: int, *, at: datetime, **how: Any) -> None:
    """Let the provider refuse a refund once it is granted, and a payout arrive at an instant."""
    await shop.grant(order_id, amount, **how)
    await shop.find_money()
    await shop.note_funding(order_id, at=AGREED)
    await shop.refuse(order_id, at=AGREED)
    await shop.pay_out(order_id, at=max(AGREED, at - HOUR))
    await shop.find_money()
    await shop.payout_paid(order_id, at=at)


async def statement(api: Api, month: str = "2021-03", **query: Any) -> dict[str, Any]:
    """Return a statement as a merchant sees it."""
    found: dict[str, Any] = done(await api.merchant.get(f"{PATH}/{month}", query))
    return found


async def whole(api: Api, month: str, *, limit: int) -> list[dict[str, Any]]:
    """Return all refunds of a statement, page by page."""
    refunds: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": limit}
    while True:
        page = await statement(api, month, **query)
        refunds += page["refunds"]
        if page["next_cursor"] is None:
            return refunds
        query["cursor"] = page["next_cursor"]


async def exported(api: Api, month: str = "2021-03") -> list[dict[str, str]]:
    """Return the rows of a statement's CSV."""
    answer = await api.merchant.get(f"{PATH}/{month}.csv")
    assert answer.status_code == 200, answer.text
    name = f"statement-{SHOP}-{month}.csv"
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    return list(csv.DictReader(StringIO(answer.text)))


async def test_totals_are_those_of_the_events_and_every_form_says_the_same(
    api: Api, shop: Refunded
) -> None:
    lots = random.Random(4)  # noqa: S311 - the same in every run
    await shop.move(TopUp(reference="p", account=Account.DEPOSIT, amount=12_000), at=AGREED)
    for number in range(30):
        amount = lots.choice((1, 7, 333, 4_999, 10_000, 25_000))
        way = paid_out if lots.random() < 0.3 else paid
        await way(
            shop,
            f"order-{number}",
            amount,
            paid=amount + lots.choice((0, 0, 1)),
            settled=lots.random() < 0.7,
            overdue=lots.random() < 0.8,
            at=AGREED + timedelta(hours=lots.randrange(1, 24 * 40)),
        )
    await shop.logged.follow()
    events = await EventLog(event_codec()).read_partition(
        api.resources.pool, partition_of(SHOP), limit=10_000
    )
    found: set[str] = set()
    for month in (MARCH, CalendarMonth(year=2021, month=4)):
        shown = await statement(api, str(month))
        totals = as_reckoned(shown)
        assert totals == reckoned(events, month.begins_at, month.ends_at)
        overall = flat(shown["totals"][0])
        assert overall == {name: sum(one[name] for one in totals.values()) for name in overall}
        found |= totals.keys()
        refunds = await whole(api, str(month), limit=7)
        assert refunds == shown["refunds"]
        assert [one["succeeded_at"] for one in refunds] == sorted(
            one["succeeded_at"] for one in refunds
        )
        assert len(refunds) == overall["refunds"]
        assert await exported(api, str(month)) == [as_row(one) for one in refunds]
        page = await api.merchant.get(f"{PATH}/{month}.html")
        assert re.findall(r"<td>(order-[0-9]+-1)</td>", page.text) == [
            one["refund_id"] for one in refunds
        ]
    assert found == {"escrow", "cash", "deposit", "platform_advance"}, "the lots reach every source"


def as_row(refund: dict[str, Any]) -> dict[str, str]:
    """Return a refund as its row of the CSV."""
    fees = refund["fees_not_returned"]
    row = {
        "refund_id": refund["refund_id"],
        "refund_key": refund["refund_key"],
        "order_id": refund["order_id"],
        "succeeded_at": refund["succeeded_at"],
        "source": refund["source"]["code"],
        "account": refund["source"]["account"],
        "currency": refund["currency"],
        "amount": refund["amount"],
        "talent_fee_not_returned": fees["talent"],
        "agency_fee_not_returned": fees["agency"],
        "service_fee_not_returned": fees["service_fee"],
        "fees_not_returned": fees["total"],
        "total_borne": refund["total_borne"],
        "arrears": refund["arrears"],
        "provider_reference": refund["provider_reference"],
    }
    return {name: str(value) for name, value in row.items()}


async def test_a_month_too_long_for_a_page_is_refused_and_still_a_csv(
    api: Api, shop: Refunded
) -> None:
    await paid(shop, "order-1", 1_000, at=AGREED + HOUR)
    await shop.logged.follow()
    await api.resources.pool.execute(ALIKE, PRINTED_ROWS_MAX - 1)
    page = f"{PATH}/2021-03.html"
    assert (await api.merchant.get(page)).status_code == 200
    await api.resources.pool.execute(ALIKE, PRINTED_ROWS_MAX)
    refused = problem(await api.merchant.get(page), 422, "statement_too_long")
    assert refused["facts"] == {"refunds_max": PRINTED_ROWS_MAX}
    assert len(await exported(api)) == PRINTED_ROWS_MAX + 1


async def test_a_month_takes_what_succeeds_from_its_first_instant_to_before_the_next(
    api: Api, shop: Refunded
) -> None:
    april = datetime(2021, 3, 31, 16, tzinfo=UTC)
    may = datetime(2021, 4, 30, 16, tzinfo=UTC)
    for order_id, at in (
        ("last-of-march", april - INSTANT),
        ("first-of-april", april),
        ("last-of-april", may - INSTANT),
        ("first-of-may", may),
    ):
        await paid(shop, order_id, 1_000, at=at)
    await shop.logged.follow()
    for month, orders in (
        ("2021-03", ["last-of-march"]),
        ("2021-04", ["first-of-april", "last-of-april"]),
        ("2021-05", ["first-of-may"]),
    ):
        found = await statement(api, month)
        assert [one["order_id"] for one in found["refunds"]] == orders
        assert found["totals"][0]["refunds"] == len(orders)
        assert [one["order_id"] for one in await exported(api, month)] == orders


async def test_refunds_that_have_not_arrived_or_are_within_the_period_are_not_in_it(
    api: Api, shop: Refunded
) -> None:
    at = AGREED + 2 * HOUR
    await paid(shop, "in-time", 1_000, at=at, overdue=False)
    await shop.grant("on-its-way", 1_000)
    await shop.grant("refused", 1_000)
    await shop.find_money()
    await shop.note_funding("refused", at=at)
    await shop.refuse("refused", at=at)
    await shop.find_money()
    await shop.logged.follow()
    found = await statement(api)
    assert (found["refunds"], found["totals"]) == ([], [])
    page = await api.merchant.get(f"{PATH}/2021-03.html", headers={"Accept-Language": "zh-CN"})
    assert "本月没有超售后期退款" in page.text


async def test_a_refund_refused_and_paid_in_advance_is_in_the_month_of_the_payout(
    api: Api, shop: Refunded
) -> None:
    april = datetime(2021, 3, 31, 16, tzinfo=UTC)
    await shop.move(TopUp(reference="p", account=Account.DEPOSIT, amount=4_000), at=AGREED)
    await paid_out(shop, "last-of-march", 1_000, at=april - INSTANT)
    await paid_out(shop, "first-of-april", 10_000, settled=False, at=april)
    await paid_out(shop, "in-time", 1_000, overdue=False, at=april)
    await shop.grant("asked-for", 1_000)
    await shop.find_money()
    await shop.note_funding("asked-for", at=AGREED)
    await shop.refuse("asked-for", at=AGREED)
    await shop.pay_out("asked-for", at=april)
    await shop.find_money()
    await shop.logged.follow()

    march, shown = await statement(api), await statement(api, "2021-04")
    assert [one["order_id"] for one in march["refunds"]] == ["last-of-march"]
    assert [one["order_id"] for one in shown["refunds"]] == ["first-of-april"]
    assert [one["arrears"] for one in march["refunds"]] == [0]
    (refund,) = shown["refunds"]
    assert (refund["source"]["code"], refund["source"]["account"]) == (
        "platform_advance",
        "deposit",
    )
    assert (refund["amount"], refund["total_borne"], refund["arrears"]) == (10_000, 10_000, 7_000)
    assert refund["fees_not_returned"] == {
        **{"talent": 1_000, "agency": 200, "service_fee": 60},
        "total": 1_260,
    }, "the money stays in the order, and is settled with commissions"
    assert refund["provider_reference"] == "payout-first-of-april"
    assert as_reckoned(shown).keys() == {"platform_advance"}
    assert await exported(api, "2021-04") == [as_row(refund)]
    page = await api.merchant.get(f"{PATH}/2021-04.html", headers={"Accept-Language": "zh-CN"})
    told = unescape(re.sub(r"<[^>]+>", "|", page.text))
    for text in ("first-of-april-1", "平台先行赔付", "CNY 100.00", "CNY 12.60"):
        assert text in told, text
    assert "in-time" not in told


async def test_a_running_month_is_provisional_and_a_coming_one_is_refused(
    api: Api, clock: ManualClock
) -> None:
    stand_at(clock, MARCH.ends_at - INSTANT)
    running = await statement(api)
    assert (running["provisional"], running["refunds"]) == (True, [])
    assert running["begins_at"] == "2021-03-01T00:00:00+08:00"
    assert "Provisional" in (await api.merchant.get(f"{PATH}/2021-03.html")).text
    for path in (f"{PATH}/2021-04", f"{PATH}/2021-04.csv", f"{PATH}/2021-04.html"):
        problem(await api.merchant.get(path), 422, "month_not_begun")
    stand_at(clock, MARCH.ends_at)
    assert (await statement(api))["provisional"] is False
    assert "Provisional" not in (await api.merchant.get(f"{PATH}/2021-03.html")).text
    assert (await statement(api, "2021-04"))["provisional"] is True


async def test_a_shop_in_test_mode_lives_in_the_month_of_its_own_clock(api: Api) -> None:
    problem(await api.merchant.get(f"{PATH}/2021-05"), 422, "month_not_begun")
    await in_test_mode(api.platform, SHOP, "2021-05-02T00:00:00Z")
    assert (await statement(api, "2021-05"))["provisional"] is True
    assert (await statement(api, "2021-04"))["provisional"] is False


@pytest.mark.parametrize("form", ["", ".csv", ".html"])
async def test_what_is_no_month_is_refused(api: Api, form: str) -> None:
    for month in ("2021-13", "2021-00", "1999-12", "9999-12", "0000-01"):
        problem(await api.merchant.get(f"{PATH}/{month}{form}"), 422, "month_invalid")
    for month in ("2021", "march", "2021-3", "2021-03-01"):
        problem(await api.merchant.get(f"{PATH}/{month}{form}"), 422, "request_invalid")
    problem(await api.merchant.get(f"{PATH}/2021-03{form}", {"moth": 3}), 422, "request_invalid")


async def test_a_cursor_serves_its_own_month_only(api: Api, shop: Refunded) -> None:
    for number in (1, 2):
        await paid(shop, f"order-{number}", 1_000, at=AGREED + number * HOUR)
    await shop.logged.follow()
    cursor = (await statement(api, limit=1))["next_cursor"]
    problem(await api.merchant.get(f"{PATH}/2021-04", {"cursor": cursor}), 422, "cursor_invalid")


async def test_what_is_another_shops_is_not_shown(api: Api, shop: Refunded) -> None:
    await paid(shop, "order-1", 1_000, at=AGREED + HOUR)
    await shop.logged.follow()
    for form in ("", ".csv", ".html"):
        problem(await api.other_merchant.get(f"{PATH}/2021-03{form}"), 404, "not_found")
        problem(await api.consumer().get(f"{PATH}/2021-03{form}"), 403, "role_not_allowed")
    other = f"/v1/shops/{OTHER_SHOP}/funds/statements/2021-03"
    assert done(await api.other_merchant.get(other))["refunds"] == []
    assert "order-1" not in (await api.other_merchant.get(f"{other}.csv")).text
    assert "order-1" not in (await api.other_merchant.get(f"{other}.html")).text


async def test_the_page_loads_nothing_and_says_all_in_both_languages(
    api: Api, shop: Refunded
) -> None:
    await paid(shop, "order-1", 123_456, paid=200_000, at=AGREED + HOUR)
    await shop.logged.follow()
    for language, title, source in (
        ("zh-CN", "超售后期退款对账单", "现金户"),
        ("en", "Statement of refunds past the after-sales period", "Cash"),
    ):
        answer = await api.merchant.get(
            f"{PATH}/2021-03.html", headers={"Accept-Language": language}
        )
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-language"] == language
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "Accept-Language" in answer.headers["vary"]
        text = answer.text
        assert f'<html lang="{language}">' in text
        assert not re.search(r"(src|href|url|@import|<script|<link)", text.replace("currency", ""))
        shown = unescape(re.sub(r"<[^>]+>", "|", text))
        for told in (title, source, "CNY 1234.56", "CNY 123.46", "order-1-1", SHOP):
            assert told in shown, told
