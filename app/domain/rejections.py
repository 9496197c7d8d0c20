"""Why a command was refused. A code is stable and means one cause; only the API knows of HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from app.domain.order.eligibility import RuleResult

Fact = str | int | None


class RejectionCode(StrEnum):
    """Every domain refusal. The texts shown for each are in the API's catalog of problems."""

    ORDER_NOT_FOUND = "order_not_found"
    ORDER_FACTS_CONFLICT = "order_facts_conflict"
    FACT_CONFLICT = "fact_conflict"
    FACT_IN_FUTURE = "fact_in_future"
    FACT_BEFORE_ORDER = "fact_before_order"
    FACT_OUT_OF_ORDER = "fact_out_of_order"
    ITEMS_DO_NOT_ADD_UP = "items_do_not_add_up"
    ITEM_REPEATED = "item_repeated"
    NOT_ELIGIBLE = "not_eligible"
    ENTRY_NOT_OPEN = "entry_not_open"
    ENTRY_NEVER_OPENED = "entry_never_opened"
    ENTRY_STILL_OPEN = "entry_still_open"
    REOPENING_NOT_REQUESTED = "reopening_not_requested"
    APPLICATION_LIMIT_REACHED = "application_limit_reached"
    TICKET_ALREADY_ACTIVE = "ticket_already_active"
    TICKET_NOT_FOUND = "ticket_not_found"
    TRANSITION_NOT_ALLOWED = "transition_not_allowed"
    ITEM_NOT_IN_ORDER = "item_not_in_order"
    QUANTITY_EXCEEDED = "quantity_exceeded"
    AMOUNT_EXCEEDS_REFUNDABLE = "amount_exceeds_refundable"
    NOTHING_REQUESTED = "nothing_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A refusal: its code and the facts a person needs to understand it."""

    code: RejectionCode
    facts: Mapping[str, Fact] = field(default_factory=lambda: MappingProxyType({}))
    failed_rules: tuple[RuleResult, ...] = ()
    """For ``not_eligible``: every rule that failed."""


def reject(code: RejectionCode, **facts: Fact) -> Rejection:
    """Build a rejection from its code and named facts."""
    return Rejection(code=code, facts=MappingProxyType(facts))
