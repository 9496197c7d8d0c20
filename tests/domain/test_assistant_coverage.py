"""What is said of rules that never match, held against applications."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.domain.assistant import (
    ApplicationFacts,
    Conditions,
    HistoryKind,
    HistoryLimit,
    Rule,
    matching_rule,
)
from app.domain.assistant_faults import RuleFaultCode, find_fault
from app.domain.order.input_rules import REASONS_OF_TYPE
from app.domain.order.tickets import TicketType, asks_for_money
from tests.domain.search_depth import bounded
from tests.support.rules import APPLIED, A, K, R, T, a_rule, an_application, yuan

limits = st.builds(
    HistoryLimit,
    kind=st.sampled_from([K.REJECTIONS, K.APPLICATIONS]),
    within_days=st.sampled_from([10, 30, 90]),
    at_most=st.integers(0, 3),
)
some_types = st.sampled_from([T.REFUND_ONLY, T.RETURN_AND_REFUND, T.REISSUE])
some_reasons = st.sampled_from([R.OTHER, R.DAMAGED, R.NOT_RECEIVED])
some_conditions = st.builds(
    Conditions,
    types=st.none() | st.frozensets(some_types, min_size=1),
    overdue=st.none() | st.booleans(),
    amount_max=st.none() | st.builds(yuan, st.integers(1, 4), st.sampled_from(["CNY", "USD"])),
    reasons=st.none() | st.frozensets(some_reasons, min_size=1),
    history=st.lists(limits, max_size=3, unique_by=lambda one: (one.kind, one.within_days)).map(
        tuple
    ),
)


@st.composite
def rule_sets(draw: st.DrawFn) -> list[Rule]:
    """Return enabled rules, few and alike, so that they get into each other's way."""
    made = draw(st.lists(some_conditions, min_size=2, max_size=5))
    actions = st.sampled_from([A.AGREE, A.NOTIFY_ONLY])
    return [
        Rule(rule_id=str(n), name="", enabled=True, conditions=one, action=draw(actions))
        for n, one in enumerate(made)
    ]


def ago(days: Sequence[int]) -> list[datetime]:
    """Return the instants that many days before the application, newest first."""
    return [APPLIED - timedelta(days=number) for number in sorted(days)]


pasts = st.lists(st.sampled_from([5, 20, 60]), max_size=5).map(ago)


@st.composite
def applications(draw: st.DrawFn) -> ApplicationFacts:
    """Return an application for something there are reasons for."""
    ticket_type = draw(st.sampled_from(TicketType))
    return an_application(
        type=ticket_type,
        overdue=draw(st.booleans()),
        amount=draw(st.integers(1, 6)) if asks_for_money(ticket_type) else 0,
        currency=draw(st.sampled_from(["CNY", "USD", "EUR"])),
        reason=draw(st.sampled_from(sorted(REASONS_OF_TYPE[ticket_type]))),
        past={K.REJECTIONS: draw(pasts), K.APPLICATIONS: draw(pasts)},
    )


def fullest_past(conditions: Conditions, kind: HistoryKind) -> list[datetime]:
    """Return as much of a past as the conditions allow, in each of the windows drawn from."""
    times: list[datetime] = []
    for days in (5, 20, 60, 200):
        limits = [one for one in conditions.history if one.kind is kind and one.within_days > days]
        times += ago([days]) * (min((one.at_most for one in limits), default=9) - len(times))
    return times


def widest_applications(rule: Rule) -> list[ApplicationFacts]:
    """Return the applications that lie as far out as a rule still takes them."""
    conditions = rule.conditions
    money = conditions.amount_max or yuan(1_000_000, "EUR")
    past = {kind: fullest_past(conditions, kind) for kind in (K.REJECTIONS, K.APPLICATIONS)}
    return [
        an_application(
            type=ticket_type,
            overdue=overdue,
            amount=money.amount if asks_for_money(ticket_type) else 0,
            currency=money.currency,
            reason=reason,
            past=past,
        )
        for ticket_type in TicketType
        for overdue in (False, True)
        for reason in REASONS_OF_TYPE[ticket_type]
    ]


@given(rules=rule_sets(), facts=st.lists(applications(), max_size=20))
@example(rules=[a_rule("0", overdue=True), a_rule("1", A.NOTIFY_ONLY)], facts=[])
@example(rules=[a_rule("0", overdue=True), a_rule("1", overdue=False), a_rule("2")], facts=[])
@settings(bounded(examples=150))
def test_a_rule_is_said_never_to_match_just_when_no_application_reaches_it(
    rules: list[Rule], facts: list[ApplicationFacts]
) -> None:
    fault = find_fault(rules)
    if fault is None:
        for rule in rules:
            assert rule in [matching_rule(rules, one) for one in widest_applications(rule)]
    elif fault.code is not RuleFaultCode.RULE_CONTRADICTS_ITSELF:
        never = fault.code is RuleFaultCode.RULE_NEVER_MATCHES
        idle = rules[fault.places[0 if never else 1].rule]
        for one in [*facts, *widest_applications(idle)]:
            assert matching_rule(rules, one) is not idle
