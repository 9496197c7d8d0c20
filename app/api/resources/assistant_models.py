"""The assistant's rules on the wire, and what they would have done."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field

from app.api.resources import examples
from app.api.resources.common import (
    Id,
    Money,
    MoneyAmount,
    RequestModel,
    ResponseModel,
    ShortText,
    Version,
    YesOrNo,
)
from app.api.resources.ticket_models import TicketRule, rule_on_wire
from app.domain.assistant import (
    AT_MOST_MAX,
    HISTORY_LIMITS_MAX,
    RULES_MAX,
    WITHIN_DAYS_MAX,
    Conditions,
    HistoryKind,
    HistoryLimit,
    Rule,
)
from app.domain.money import Money as DomainMoney
from app.domain.order.tickets import AssistantAction, TicketType
from app.domain.reasons import ApplicationReason
from app.processes.assistant.dry_run import TICKETS_MAX, DryRun, Tried
from app.processes.assistant.rule_sets import RuleSet

CODES_MAX = 50
"""How many types or reasons are read in one condition."""


class HistoryLimitIn(RequestModel):
    """At most so many of a kind in the days before the application."""

    kind: HistoryKind
    """`applications` (of other tickets), `refunds_succeeded`, `rejections` or
    `arbitrations_lost`, all of this buyer in this shop."""
    within_days: Annotated[int, Field(strict=True, ge=1, le=WITHIN_DAYS_MAX)]
    """Days of 24 hours, counted back from the application."""
    at_most: Annotated[int, Field(strict=True, ge=0, le=AT_MOST_MAX)]


class ConditionsIn(RequestModel):
    """What must hold of an application; what is left out always holds."""

    types: Annotated[list[TicketType], Field(max_length=CODES_MAX)] | None = None
    overdue: YesOrNo | None = None
    """True: only with the label 超期售后. False: only without."""
    amount_max: MoneyAmount | None = None
    """Only what asks for at most so much money; goods are never within it."""
    reasons: Annotated[list[ApplicationReason], Field(max_length=CODES_MAX)] | None = None
    history: Annotated[
        list[HistoryLimitIn], Field(max_length=HISTORY_LIMITS_MAX, default_factory=list)
    ]


class RuleIn(RequestModel):
    """A rule: what it takes, and what it does with it."""

    rule_id: Id
    """The shop's own; keep it when the rule changes."""
    name: ShortText
    enabled: YesOrNo
    conditions: ConditionsIn
    action: AssistantAction
    """`agree`, `agree_without_return` or `notify_only`."""


Rules = Annotated[list[RuleIn], Field(max_length=RULES_MAX)]


class AssistantRulesBody(RequestModel):
    """All rules of a shop, in the order they are tried: the first that fits speaks."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ASSISTANT_RULES]})

    rules: Rules


class TryAssistantRulesBody(RequestModel):
    """Rules to be tried, and on how many tickets."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TRY_ASSISTANT_RULES]})

    rules: Rules
    last: Annotated[int, Field(strict=True, ge=1, le=TICKETS_MAX)]
    """How many of the shop's newest tickets."""


class AssistantHistoryLimit(ResponseModel):
    """At most so many of a kind in the days before the application."""

    kind: str
    """`applications`, `refunds_succeeded`, `rejections`, `arbitrations_lost`; more may come."""
    within_days: int
    at_most: int


class AssistantConditions(ResponseModel):
    """What must hold of an application; what is null always holds."""

    types: list[str] | None
    overdue: bool | None
    amount_max: Money | None
    reasons: list[str] | None
    history: list[AssistantHistoryLimit]


class AssistantRule(ResponseModel):
    """A rule."""

    rule_id: str
    name: str
    enabled: bool
    conditions: AssistantConditions
    action: str
    """`agree`, `agree_without_return` or `notify_only`; more may come."""


class AssistantRules(ResponseModel):
    """A shop's rules in one version."""

    version: Version
    """0 if none were ever saved; pass it back in `If-Match`."""
    rules: list[AssistantRule]
    saved_at: datetime | None
    saved_by: str | None
    """The id of the key that saved this version."""


class TriedTicket(ResponseModel):
    """A ticket, what the rules would have done with it, and what really happened."""

    ticket_id: str
    order_id: str
    applied_at: datetime
    rule_id: str | None
    """The rule that would have spoken; null if none."""
    action: str | None
    """What it would have done: `agree`, `agree_without_return`, `notify_only`; more may come."""
    spoken_at: datetime | None
    """When: as the ticket was applied for, or modified."""
    state: str
    """The state the ticket really is in."""
    agreed_automatically: bool | None
    """Null if it was not agreed to."""
    agreed_by_rule: TicketRule | None


class RuleTotal(ResponseModel):
    """For how many of the tickets a rule would have spoken."""

    rule_id: str
    tickets: int


class AssistantDryRun(ResponseModel):
    """What rules would have done; nothing was changed."""

    tickets: list[TriedTicket]
    """Newest first."""
    totals: list[RuleTotal]
    """In the order of the rules."""
    without_rule: int
    """Tickets no rule would have spoken for."""
    current_to: Version
    """The position in the shop's partition of the log the tickets are current to."""


def rules_in(given: Sequence[RuleIn]) -> tuple[Rule, ...]:
    """Make the domain's rules of those given."""
    return tuple(
        Rule(
            rule_id=rule.rule_id,
            name=rule.name,
            enabled=rule.enabled,
            conditions=_conditions_in(rule.conditions),
            action=rule.action,
        )
        for rule in given
    )


def _conditions_in(given: ConditionsIn) -> Conditions:
    amount = given.amount_max
    return Conditions(
        types=None if given.types is None else frozenset(given.types),
        overdue=given.overdue,
        amount_max=None
        if amount is None
        else DomainMoney(amount=amount.amount, currency=amount.currency),
        reasons=None if given.reasons is None else frozenset(given.reasons),
        history=tuple(
            HistoryLimit(kind=one.kind, within_days=one.within_days, at_most=one.at_most)
            for one in given.history
        ),
    )


def rule_set_on_wire(rule_set: RuleSet | None) -> AssistantRules:
    """Show rules in one version; None: there never were any."""
    if rule_set is None:
        return AssistantRules(version=0, rules=[], saved_at=None, saved_by=None)
    return AssistantRules(
        version=rule_set.version,
        rules=[_rule(rule) for rule in rule_set.rules],
        saved_at=rule_set.saved_at,
        saved_by=rule_set.saved_by.id,
    )


def _rule(rule: Rule) -> AssistantRule:
    return AssistantRule(
        rule_id=rule.rule_id,
        name=rule.name,
        enabled=rule.enabled,
        conditions=_conditions(rule.conditions),
        action=rule.action.value,
    )


def _conditions(conditions: Conditions) -> AssistantConditions:
    amount = conditions.amount_max
    return AssistantConditions(
        types=None if conditions.types is None else sorted(conditions.types),
        overdue=conditions.overdue,
        amount_max=amount and Money(amount=amount.amount, currency=amount.currency),
        reasons=None if conditions.reasons is None else sorted(conditions.reasons),
        history=[
            AssistantHistoryLimit(
                kind=one.kind.value, within_days=one.within_days, at_most=one.at_most
            )
            for one in conditions.history
        ],
    )


def dry_run_on_wire(run: DryRun, rules: Sequence[Rule]) -> AssistantDryRun:
    """Show what rules would have done."""
    spoken = [tried.rule.rule_id for tried in run.tried if tried.rule is not None]
    return AssistantDryRun(
        tickets=[_tried(tried) for tried in run.tried],
        totals=[
            RuleTotal(rule_id=rule.rule_id, tickets=spoken.count(rule.rule_id)) for rule in rules
        ],
        without_rule=len(run.tried) - len(spoken),
        current_to=run.current_to,
    )


def _tried(tried: Tried) -> TriedTicket:
    ticket = tried.ticket
    return TriedTicket(
        ticket_id=ticket.ticket_id,
        order_id=ticket.order_id,
        applied_at=ticket.created_at,
        rule_id=None if tried.rule is None else tried.rule.rule_id,
        action=None if tried.action is None else tried.action.value,
        spoken_at=tried.spoken_at,
        state=ticket.state.value,
        agreed_automatically=ticket.agreed_automatically,
        agreed_by_rule=rule_on_wire(ticket.agreed_by_rule),
    )
