"""The assistant (售后小助手): a shop's rules for routine applications, and which of them speaks.

Rules are tried in the order the shop gave them; the first enabled one whose conditions all hold is
the one that speaks, and no other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from app.domain.money import Money
from app.domain.order.tickets import (
    AssistantAction,
    TicketType,
    asks_for_money,
    sends_goods_back,
)
from app.domain.reasons import ApplicationReason

RULES_MAX = 50
HISTORY_LIMITS_MAX = 8
WITHIN_DAYS_MAX = 365
AT_MOST_MAX = 100


class HistoryKind(StrEnum):
    """What can be counted of a buyer's past in a shop.

    Of applications those of other tickets count; of all else also what happened to this ticket.
    """

    APPLICATIONS = "applications"
    REFUNDS_SUCCEEDED = "refunds_succeeded"
    REJECTIONS = "rejections"
    ARBITRATIONS_LOST = "arbitrations_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLimit:
    """At most so many of a kind in the days (of 24 hours) before the application.

    ``within_days`` is 1 to `WITHIN_DAYS_MAX`, ``at_most`` 0 to `AT_MOST_MAX`.
    """

    kind: HistoryKind
    within_days: int
    at_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What must hold of an application. What is left out (None, no limits) always holds.

    ``amount_max`` holds only where money is asked for, in its currency: goods that cost nothing
    to ask for may be worth anything.
    """

    types: frozenset[TicketType] | None = None
    overdue: bool | None = None
    amount_max: Money | None = None
    reasons: frozenset[ApplicationReason] | None = None
    history: tuple[HistoryLimit, ...] = ()

    @property
    def possible_types(self) -> frozenset[TicketType]:
        """The types of applications that can meet the conditions at all."""
        named = frozenset(TicketType) if self.types is None else self.types
        if self.amount_max is None:
            return named
        return frozenset(ticket_type for ticket_type in named if asks_for_money(ticket_type))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of a shop. Its id stays the same through all versions of the shop's rules."""

    rule_id: str
    name: str
    enabled: bool
    conditions: Conditions
    action: AssistantAction


Past = Mapping[HistoryKind, Sequence[datetime]]
"""For each kind, when it happened, newest first, as many times as `past_needed` says at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFacts:
    """An application as rules see it; ``past`` is the buyer's in the shop before ``applied_at``.

    ``amount`` is in minor units and 0 where goods are asked for. An application that was modified
    is one of its own, made when it was modified.
    """

    type: TicketType
    overdue: bool
    amount: int
    currency: str
    reason: ApplicationReason
    applied_at: datetime
    past: Past = field(default_factory=dict)


def matching_rule(rules: Sequence[Rule], facts: ApplicationFacts) -> Rule | None:
    """Return the first enabled rule whose conditions all hold, None if there is none."""
    for rule in rules:
        if rule.enabled and holds(rule.conditions, facts):
            return rule
    return None


def holds(conditions: Conditions, facts: ApplicationFacts) -> bool:
    """Tell whether all conditions hold for an application."""
    return (
        (conditions.types is None or facts.type in conditions.types)
        and conditions.overdue in {None, facts.overdue}
        and (conditions.reasons is None or facts.reason in conditions.reasons)
        and (conditions.amount_max is None or _within(conditions.amount_max, facts))
        and all(_kept(limit, facts) for limit in conditions.history)
    )


def action_on(rule: Rule, ticket_type: TicketType) -> AssistantAction:
    """Return what a rule does with an application of a type.

    Where nothing would be sent back, agreeing without return is agreeing.
    """
    if rule.action is AssistantAction.AGREE_WITHOUT_RETURN and not sends_goods_back(ticket_type):
        return AssistantAction.AGREE
    return rule.action


def past_needed(rules: Sequence[Rule]) -> dict[HistoryKind, int]:
    """Return how many of each kind the enabled rules must know to tell whether it is too many."""
    needed: dict[HistoryKind, int] = {}
    for rule in rules:
        for limit in rule.conditions.history if rule.enabled else ():
            needed[limit.kind] = max(needed.get(limit.kind, 0), limit.at_most + 1)
    return needed


def _within(amount_max: Money, facts: ApplicationFacts) -> bool:
    return (
        asks_for_money(facts.type)
        and facts.currency == amount_max.currency
        and facts.amount <= amount_max.amount
    )


def _kept(limit: HistoryLimit, facts: ApplicationFacts) -> bool:
    times = facts.past.get(limit.kind, ())
    if len(times) <= limit.at_most:
        return True
    first_too_many = times[limit.at_most]
    return first_too_many <= facts.applied_at - timedelta(days=limit.within_days)
