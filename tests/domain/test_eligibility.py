"""May the entry be opened? Every rule alone, on both sides of its boundary, and all together."""

from datetime import datetime, timedelta
from itertools import product

import pytest

from app.domain.order.eligibility import RULES, RuleCode, RuleResult, check_eligibility, text_of
from app.domain.order.entries import AfterSalesEntryOpened, OpenAfterSalesEntry
from app.domain.order.facts import BusinessLine, ItemKind
from app.domain.order.state import ItemRefunds, Order
from app.domain.order.tickets import TicketType
from app.domain.policy import POLICY, SHANGHAI
from app.domain.rejections import RejectionCode
from tests.support.orders import (
    CREATED,
    DAY,
    FIRST_TICKET,
    HOUR,
    INSTANT,
    OPENED,
    PERIOD_OVER,
    RECEIVED,
    History,
    accepted,
    agree,
    an_item,
    apply_for,
    order_facts,
    order_with_open_entry,
    order_with_ticket,
    paid_on_delivery,
    received_order,
    refund_arrived,
    refusal_of,
    refuse,
    registered_order,
    request_refund,
    some,
    withdraw,
)

CUTOFF = datetime(2020, 7, 1, tzinfo=SHANGHAI)
SIX_FLAGS = tuple(product((False, True), repeat=6))
OLDEST = CREATED + timedelta(days=150)


def failed(history: History, *, at: datetime) -> list[str]:
    """Return the codes of the rules that stand in the way at an instant."""
    return [rule.code.value for rule in check_eligibility(history.order, at, POLICY).failed]


def test_a_plain_order_past_its_period_is_eligible_and_every_rule_is_reported() -> None:
    verdict = check_eligibility(received_order().order, OPENED, POLICY)
    assert verdict.eligible
    assert [rule.code for rule in verdict.rules] == list(RuleCode)
    assert (verdict.at, verdict.policy_version) == (OPENED, POLICY.version)


def test_before_receipt_is_confirmed_the_period_is_not_over_either() -> None:
    assert failed(registered_order(), at=OPENED) == [
        "receipt_not_confirmed",
        "after_sales_period_not_over",
    ]


def test_the_period_ends_seven_times_24_hours_after_receipt_and_not_an_instant_earlier() -> None:
    given = received_order()
    assert failed(given, at=PERIOD_OVER - INSTANT) == ["after_sales_period_not_over"]
    assert failed(given, at=PERIOD_OVER) == []
    assert failed(given, at=PERIOD_OVER + INSTANT) == []


def test_an_order_of_150_days_is_not_too_old_and_an_instant_later_it_is() -> None:
    given = received_order()
    assert failed(given, at=OLDEST - INSTANT) == []
    assert failed(given, at=OLDEST) == []
    assert failed(given, at=OLDEST + INSTANT) == ["order_too_old"]


def test_an_order_created_at_the_cutoff_is_served_and_one_an_instant_before_is_not() -> None:
    at_cutoff = received_order(order_facts(created_at=CUTOFF))
    before = received_order(order_facts(created_at=CUTOFF - INSTANT))
    assert failed(at_cutoff, at=CUTOFF + 20 * DAY) == []
    assert failed(before, at=CUTOFF + 20 * DAY) == ["order_created_before_cutoff"]


def test_the_cutoff_is_midnight_in_shanghai_whatever_zone_the_order_names() -> None:
    same_instant = datetime.fromisoformat("2020-06-30T16:00:00+00:00")
    assert failed(received_order(order_facts(created_at=same_instant)), at=CUTOFF + 20 * DAY) == []


@pytest.mark.parametrize(
    ("refunded", "expected"), [(10_000, ["order_fully_refunded"]), (9_999, []), (1, [])]
)
def test_one_minor_unit_left_to_refund_is_enough(refunded: int, expected: list[str]) -> None:
    given = (
        received_order(order_facts(an_item(amount_paid=10_000)))
        .then(request_refund(some(amount=refunded)), at=RECEIVED + HOUR)
        .then(agree(), at=RECEIVED + HOUR)
        .then(refund_arrived(), at=RECEIVED + 2 * HOUR)
    )
    assert failed(given, at=OPENED) == expected


def test_a_ticket_under_way_stands_in_the_way_until_it_has_ended() -> None:
    applied = received_order().then(request_refund(), at=OPENED - 4 * DAY)
    assert failed(applied, at=OPENED) == ["refund_in_progress"]
    assert failed(applied.then(agree(), at=OPENED - 3 * DAY), at=OPENED) == ["refund_in_progress"]
    assert failed(applied.then(refuse(), at=OPENED - 3 * DAY), at=OPENED) == ["refund_in_progress"]
    assert failed(applied.then(withdraw(), at=OPENED - 3 * DAY), at=OPENED) == []
    paid_back = applied.then(agree(), at=OPENED - 3 * DAY).then(refund_arrived(), at=OPENED - DAY)
    assert failed(paid_back, at=OPENED) == []


def test_cash_on_delivery_is_excluded() -> None:
    given = received_order(order_facts(payment=paid_on_delivery(10_000)))
    assert failed(given, at=OPENED) == ["payment_not_online"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ItemKind.PHYSICAL, []),
        (ItemKind.VIRTUAL, ["product_not_physical"]),
        (ItemKind.CARD_VOUCHER, ["product_not_physical", "card_voucher_product"]),
    ],
)
def test_every_item_must_be_physical_even_beside_one_that_is(
    kind: ItemKind, expected: list[str]
) -> None:
    mixed = order_facts(an_item("item-1"), an_item("item-2", kind=kind))
    assert failed(received_order(order_facts(an_item(kind=kind))), at=OPENED) == expected
    assert failed(received_order(mixed), at=OPENED) == expected


@pytest.mark.parametrize("line", BusinessLine)
def test_only_the_general_business_is_served(line: BusinessLine) -> None:
    expected = [] if line is BusinessLine.GENERAL else ["excluded_business_line"]
    assert failed(received_order(order_facts(business_line=line)), at=OPENED) == expected


def test_the_refusal_to_open_names_all_failed_rules_at_once() -> None:
    facts = order_facts(
        an_item("item-1", kind=ItemKind.CARD_VOUCHER),
        created_at=CUTOFF - DAY,
        payment=paid_on_delivery(10_000),
        business_line=BusinessLine.XUELANG,
    )
    refusal = refusal_of(registered_order(facts).ask(OpenAfterSalesEntry(), at=OPENED))
    assert refusal.code is RejectionCode.NOT_ELIGIBLE
    possible_together = set(RuleCode) - {RuleCode.ORDER_FULLY_REFUNDED, RuleCode.REFUND_IN_PROGRESS}
    assert {rule.code for rule in refusal.failed_rules} == possible_together


def test_every_combination_of_failing_rules_is_reported_each_at_its_very_boundary() -> None:
    """All 576 ways the rules can hold or fail together; a rule's neighbours never hide it."""
    for kind, receipt, flags in product(ItemKind, ("ok", "early", "none"), SIX_FLAGS):
        refunded, busy, cash, school, before_cutoff, too_old = flags
        created_at = CUTOFF - before_cutoff * INSTANT
        now = created_at + timedelta(days=150) + too_old * INSTANT
        received_at = now - timedelta(days=7) + (INSTANT if receipt == "early" else timedelta(0))
        facts = order_facts(
            an_item(kind=kind),
            created_at=created_at,
            payment=paid_on_delivery(10_000) if cash else None,
            business_line=BusinessLine.HAOHAOXUEXI if school else BusinessLine.GENERAL,
        )
        order = Order(
            version=1,
            updated_at=created_at,
            facts=facts,
            receipt_confirmed_at=None if receipt == "none" else received_at,
            refunds={"item-1": ItemRefunds(amount=10_000)} if refunded else {},
            tickets=order_with_ticket().tickets if busy else {},
        )
        expected = {
            RuleCode.RECEIPT_NOT_CONFIRMED: receipt == "none",
            RuleCode.AFTER_SALES_PERIOD_NOT_OVER: receipt != "ok",
            RuleCode.ORDER_FULLY_REFUNDED: bool(refunded),
            RuleCode.REFUND_IN_PROGRESS: bool(busy),
            RuleCode.PAYMENT_NOT_ONLINE: bool(cash),
            RuleCode.PRODUCT_NOT_PHYSICAL: kind is not ItemKind.PHYSICAL,
            RuleCode.CARD_VOUCHER_PRODUCT: kind is ItemKind.CARD_VOUCHER,
            RuleCode.EXCLUDED_BUSINESS_LINE: bool(school),
            RuleCode.ORDER_CREATED_BEFORE_CUTOFF: bool(before_cutoff),
            RuleCode.ORDER_TOO_OLD: bool(too_old),
        }
        verdict = check_eligibility(order, now, POLICY)
        assert [rule.code for rule in verdict.failed] == [
            code for code, fails in expected.items() if fails
        ]
        assert verdict.eligible is not any(expected.values())


def test_each_failure_shows_what_was_seen_and_what_it_was_held_against() -> None:
    given = received_order().then(request_refund(), at=PERIOD_OVER - HOUR)
    at = PERIOD_OVER - INSTANT
    seen = {
        rule.code: (rule.observed, rule.threshold)
        for rule in check_eligibility(given.order, at, POLICY).failed
    }
    assert seen == {
        RuleCode.AFTER_SALES_PERIOD_NOT_OVER: (at.isoformat(), PERIOD_OVER.isoformat()),
        RuleCode.REFUND_IN_PROGRESS: (FIRST_TICKET, "none"),
    }


def test_the_read_only_check_and_the_command_give_one_verdict_and_the_event_keeps_it() -> None:
    given = received_order()
    (opened,) = accepted(given.ask(OpenAfterSalesEntry(), at=OPENED)).events
    assert isinstance(opened, AfterSalesEntryOpened)
    assert opened.verdict == check_eligibility(given.order, OPENED, POLICY)
    refused = refusal_of(registered_order().ask(OpenAfterSalesEntry(), at=OPENED))
    assert (
        refused.failed_rules == check_eligibility(registered_order().order, OPENED, POLICY).failed
    )


def test_an_active_ticket_through_an_earlier_opening_stands_in_the_way_of_the_next() -> None:
    given = order_with_open_entry().then(apply_for(TicketType.EXCHANGE), at=OPENED + 4 * DAY)
    at = OPENED + 5 * DAY
    refusal = refusal_of(given.ask(OpenAfterSalesEntry(), at=at))
    assert [rule.code for rule in refusal.failed_rules] == [RuleCode.REFUND_IN_PROGRESS]


def test_every_rule_is_listed_once_and_says_in_both_languages_whether_it_passed() -> None:
    assert [rule.code for rule in RULES] == list(RuleCode)
    for rule in RULES:
        passed, failed = (
            text_of(RuleResult(code=rule.code, passed=passed, observed=None, threshold=""))
            for passed in (True, False)
        )
        texts = (passed.zh_cn, passed.en, failed.zh_cn, failed.en)
        assert all(texts)
        assert len(set(texts)) == len(texts)
