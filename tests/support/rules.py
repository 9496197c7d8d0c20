"""Sample rules of the assistant, and applications to hold them against."""

from dataclasses import replace
from typing import Any

from app.domain.assistant import ApplicationFacts, Conditions, HistoryKind, HistoryLimit, Rule
from app.domain.money import Money
from app.domain.order.tickets import AssistantAction, TicketType
from app.domain.reasons import ApplicationReason
from tests.support.orders import OPENED

T, R, K, A = TicketType, ApplicationReason, HistoryKind, AssistantAction
APPLIED = OPENED


def yuan(amount: int, currency: str = "CNY") -> Money:
    """Return an amount of minor units."""
    return Money(amount=amount, currency=currency)


def a_rule(rule_id: str = "r", action: AssistantAction = A.AGREE, **conditions: Any) -> Rule:
    """Return an enabled rule of these conditions."""
    made = Conditions(**conditions)
    return Rule(rule_id=rule_id, name=rule_id, enabled=True, conditions=made, action=action)


def at_most(kind: HistoryKind, count: int, *, days: int = 30) -> HistoryLimit:
    """Return a limit on a buyer's past."""
    return HistoryLimit(kind=kind, within_days=days, at_most=count)


def an_application(**facts: Any) -> ApplicationFacts:
    """Return an overdue application for 10 yuan without return."""
    plain = ApplicationFacts(
        type=T.REFUND_ONLY,
        overdue=True,
        amount=1_000,
        currency="CNY",
        reason=R.PROMISED_AFTER_SALES,
        applied_at=APPLIED,
    )
    return replace(plain, **facts)
