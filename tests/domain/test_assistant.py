"""The assistant's rules: the first whose conditions all hold speaks, and no other."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.assistant import HistoryKind, Rule, action_on, matching_rule, past_needed
from app.domain.order.tickets import TicketType, asks_for_money, sends_goods_back
from tests.support.orders import DAY, INSTANT
from tests.support.rules import APPLIED, A, K, R, T, a_rule, an_application, at_most, yuan


def speaks(*rules: Rule, **facts: Any) -> str | None:
    """Return the id of the rule that speaks."""
    rule = matching_rule(rules, an_application(**facts))
    return None if rule is None else rule.rule_id


def test_a_rule_without_conditions_takes_every_application() -> None:
    for ticket_type in TicketType:
        assert speaks(a_rule("all"), type=ticket_type, overdue=False) == "all"


def test_the_first_rule_that_holds_speaks_and_no_other() -> None:
    small, rest = a_rule("small", amount_max=yuan(500)), a_rule("rest", A.NOTIFY_ONLY)
    assert speaks(small, rest, amount=500) == "small"
    assert speaks(small, rest, amount=501) == "rest"
    assert speaks(rest, small, amount=500) == "rest"


def test_a_disabled_rule_is_silent() -> None:
    off = replace(a_rule("off"), enabled=False)
    assert speaks(off) is None
    assert speaks(off, a_rule("next")) == "next"


@pytest.mark.parametrize(
    ("conditions", "met", "unmet"),
    [
        ({"types": frozenset({T.REPAIR})}, {"type": T.REPAIR}, {"type": T.EXCHANGE}),
        ({"overdue": True}, {"overdue": True}, {"overdue": False}),
        ({"overdue": False}, {"overdue": False}, {"overdue": True}),
        ({"amount_max": yuan(900)}, {"amount": 900}, {"amount": 901}),
        ({"amount_max": yuan(900)}, {"amount": 900}, {"amount": 900, "currency": "USD"}),
        ({"reasons": frozenset({R.DAMAGED})}, {"reason": R.DAMAGED}, {"reason": R.OTHER}),
    ],
)
def test_each_condition_tells_what_it_takes_from_what_it_does_not(
    conditions: dict[str, Any], met: dict[str, Any], unmet: dict[str, Any]
) -> None:
    assert speaks(a_rule(**conditions), **met) == "r"
    assert speaks(a_rule(**conditions), **unmet) is None


def test_a_limit_on_money_takes_no_goods_however_little_they_ask_for() -> None:
    for ticket_type in TicketType:
        spoken = speaks(a_rule(amount_max=yuan(5_000)), type=ticket_type, amount=0)
        assert (spoken is not None) == asks_for_money(ticket_type)


@pytest.mark.parametrize("kind", list(HistoryKind))
def test_the_past_is_counted_back_from_the_application_by_days_of_24_hours(
    kind: HistoryKind,
) -> None:
    rule = a_rule(history=(at_most(kind, 1, days=30),))
    edge = APPLIED - 30 * DAY
    assert speaks(rule, past={kind: [APPLIED - DAY, edge]}) == "r", "the edge is past already"
    assert speaks(rule, past={kind: [APPLIED - DAY, edge + INSTANT]}) is None
    others = {other: [APPLIED] * 5 for other in HistoryKind if other is not kind}
    assert speaks(rule, past=others) == "r"


def test_every_limit_on_the_past_must_be_kept() -> None:
    both = (at_most(K.REJECTIONS, 0), at_most(K.REFUNDS_SUCCEEDED, 1, days=365))
    rule = a_rule(history=both)
    assert speaks(rule) == "r"
    assert speaks(rule, past={K.REFUNDS_SUCCEEDED: [APPLIED - DAY]}) == "r"
    assert speaks(rule, past={K.REFUNDS_SUCCEEDED: [APPLIED - DAY] * 2}) is None
    assert speaks(rule, past={K.REJECTIONS: [APPLIED - DAY]}) is None


def test_no_more_of_the_past_is_needed_than_enabled_rules_can_tell_apart() -> None:
    off = replace(a_rule(history=(at_most(K.APPLICATIONS, 0),)), enabled=False)
    asking = a_rule(history=(at_most(K.REJECTIONS, 0), at_most(K.REJECTIONS, 2, days=90)))
    assert past_needed([off, asking, a_rule()]) == {K.REJECTIONS: 3}


def test_agreeing_without_return_is_agreeing_where_nothing_is_sent_back() -> None:
    for ticket_type in TicketType:
        expected = A.AGREE_WITHOUT_RETURN if sends_goods_back(ticket_type) else A.AGREE
        assert action_on(a_rule(action=A.AGREE_WITHOUT_RETURN), ticket_type) is expected
        assert action_on(a_rule(action=A.NOTIFY_ONLY), ticket_type) is A.NOTIFY_ONLY
