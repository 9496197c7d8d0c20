"""Sets of rules that contradict themselves, or hold rules that can never match."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.assistant import Rule
from app.domain.assistant_faults import RuleFaultCode, find_fault
from app.domain.order.input_rules import REASONS_OF_TYPE
from app.domain.order.tickets import TicketType
from tests.support.rules import A, K, R, T, a_rule, at_most, yuan

MONEY = frozenset({T.REFUND_ONLY, T.RETURN_AND_REFUND})
REPAIR = frozenset({T.REPAIR})


def fault_of(*rules: Rule) -> tuple[RuleFaultCode, list[int]] | None:
    """Return code and places of what is wrong with rules."""
    fault = find_fault(rules)
    return None if fault is None else (fault.code, [place.rule for place in fault.places])


def test_rules_that_make_sense_have_no_fault() -> None:
    rules = [
        a_rule("small", amount_max=yuan(500)),
        a_rule("dollars", amount_max=yuan(9_000, "USD")),
        a_rule("larger", A.NOTIFY_ONLY, amount_max=yuan(5_000)),
        a_rule("known", history=(at_most(K.REJECTIONS, 0),)),
        a_rule("rest", A.NOTIFY_ONLY),
    ]
    assert fault_of(*rules) is None
    assert fault_of() is None


@pytest.mark.parametrize(
    ("rule", "part"),
    [
        (a_rule(types=frozenset()), ("conditions", "types")),
        (a_rule(reasons=frozenset()), ("conditions", "reasons")),
        (a_rule(types=frozenset({T.REPAIR}), amount_max=yuan(1)), ("conditions", "amount_max")),
        (a_rule(amount_max=yuan(0)), ("conditions", "amount_max")),
        (
            a_rule(types=frozenset({T.EXCHANGE}), reasons=frozenset({R.NOT_RECEIVED})),
            ("conditions", "reasons"),
        ),
        (
            a_rule(history=(at_most(K.REJECTIONS, 1), at_most(K.REJECTIONS, 2))),
            ("conditions", "history"),
        ),
        (a_rule(action=A.AGREE_WITHOUT_RETURN, types=frozenset({T.REFUND_ONLY})), ("action",)),
        (a_rule(action=A.AGREE_WITHOUT_RETURN, types=frozenset({T.REISSUE})), ("action",)),
    ],
)
@pytest.mark.parametrize("enabled", [True, False])
def test_a_rule_that_contradicts_itself_is_named_with_the_part_that_does(
    rule: Rule, part: tuple[str, ...], enabled: bool
) -> None:
    fault = find_fault(
        [a_rule("fine", A.NOTIFY_ONLY, overdue=False), replace(rule, enabled=enabled)]
    )
    assert fault is not None
    assert fault.code is RuleFaultCode.RULE_CONTRADICTS_ITSELF
    assert [(place.rule, place.part) for place in fault.places] == [(1, part)]


def test_an_id_given_twice_is_named() -> None:
    assert fault_of(a_rule("a", overdue=True), a_rule("b"), a_rule("a")) == (
        RuleFaultCode.RULE_ID_REPEATED,
        [0, 2],
    )


@pytest.mark.parametrize(
    "conditions",
    [
        ({}, {}),
        ({}, {"types": frozenset(TicketType)}),
        ({"amount_max": yuan(5)}, {"amount_max": yuan(5), "types": MONEY}),
        ({"types": REPAIR}, {"types": REPAIR, "reasons": REASONS_OF_TYPE[T.REPAIR]}),
    ],
)
def test_conditions_that_mean_the_same_and_lead_elsewhere_contradict_each_other(
    conditions: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    first, second = conditions
    middle = a_rule("m", overdue=True, amount_max=yuan(1))
    agree, notify = a_rule("a", **first), a_rule("b", A.NOTIFY_ONLY, **second)
    assert fault_of(middle, agree, notify) == (RuleFaultCode.RULES_CONTRADICT, [1, 2])
    assert fault_of(middle, notify, agree) == (RuleFaultCode.RULES_CONTRADICT, [1, 2])
    same_action = replace(notify, action=A.AGREE)
    assert fault_of(middle, agree, same_action) == (RuleFaultCode.RULE_NEVER_MATCHES, [2, 1])
    assert fault_of(middle, agree, replace(notify, enabled=False)) is None


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ({}, {"overdue": True}),
        ({"types": frozenset({T.REFUND_ONLY, T.REPAIR})}, {"types": frozenset({T.REPAIR})}),
        ({"reasons": frozenset({R.OTHER, R.DAMAGED})}, {"reasons": frozenset({R.OTHER})}),
        ({"amount_max": yuan(900)}, {"amount_max": yuan(899)}),
        ({"types": MONEY}, {"amount_max": yuan(9)}),
        (
            {"history": (at_most(K.REJECTIONS, 2, days=30),)},
            {"history": (at_most(K.REJECTIONS, 1, days=60), at_most(K.APPLICATIONS, 3))},
        ),
    ],
)
def test_a_rule_behind_a_wider_one_never_matches_and_before_it_does(
    wide: dict[str, Any], narrow: dict[str, Any]
) -> None:
    first, second = a_rule("wide", **wide), a_rule("narrow", A.NOTIFY_ONLY, **narrow)
    assert fault_of(first, second) == (RuleFaultCode.RULE_NEVER_MATCHES, [1, 0])
    assert fault_of(second, first) is None
    assert fault_of(replace(first, enabled=False), second) is None


def test_rules_that_cover_another_only_together_are_all_named() -> None:
    rules = [a_rule("late", overdue=True), a_rule("early", A.NOTIFY_ONLY, overdue=False)]
    assert fault_of(*rules, a_rule("rest")) == (RuleFaultCode.RULE_NEVER_MATCHES, [2, 0, 1])
