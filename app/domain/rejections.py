"""Why a command was refused. A code is stable and means one cause; only the API knows of HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

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
    SHOP_RESTRICTED = "shop_restricted"
    ENTRY_NOT_OPEN = "entry_not_open"
    ENTRY_NEVER_OPENED = "entry_never_opened"
    ENTRY_STILL_OPEN = "entry_still_open"
    REOPENING_NOT_REQUESTED = "reopening_not_requested"
    APPLICATION_LIMIT_REACHED = "application_limit_reached"
    TICKET_ALREADY_ACTIVE = "ticket_already_active"
    TICKET_NOT_FOUND = "ticket_not_found"
    TICKET_FINAL = "ticket_final"
    ALREADY_DECIDED = "already_decided"
    MODIFICATION_NOT_ALLOWED = "modification_not_allowed"
    WITHDRAWAL_NOT_ALLOWED = "withdrawal_not_allowed"
    TICKET_NOT_REJECTED = "ticket_not_rejected"
    RETURN_NOT_AWAITED = "return_not_awaited"
    RETURN_NOT_UNDER_WAY = "return_not_under_way"
    REPLACEMENT_NOT_AWAITED = "replacement_not_awaited"
    REPLACEMENT_NOT_UNDER_WAY = "replacement_not_under_way"
    ARBITRATION_NOT_AVAILABLE = "arbitration_not_available"
    NOT_IN_ARBITRATION = "not_in_arbitration"
    NOT_REFUNDING = "not_refunding"
    DECISION_OF_ANOTHER_SIDE = "decision_of_another_side"
    MODIFICATION_LIMIT_REACHED = "modification_limit_reached"
    RETURN_SHIPMENT_ALREADY_CORRECTED = "return_shipment_already_corrected"
    RETURN_EXTENSION_LIMIT_REACHED = "return_extension_limit_reached"
    RETURN_EXTENSION_TOO_LONG = "return_extension_too_long"
    REMARK_LIMIT_REACHED = "remark_limit_reached"
    ARBITRATION_LIMIT_REACHED = "arbitration_limit_reached"
    ARBITRATION_EVIDENCE_LIMIT_REACHED = "arbitration_evidence_limit_reached"
    ESCALATION_NOT_WITHDRAWABLE = "escalation_not_withdrawable"
    RULING_CONTRADICTS_ITSELF = "ruling_contradicts_itself"
    REASON_NOT_FOR_TYPE = "reason_not_for_type"
    REASON_NOT_FOR_DECISION = "reason_not_for_decision"
    EVIDENCE_REQUIRED = "evidence_required"
    TOO_MANY_ATTACHMENTS = "too_many_attachments"
    ATTACHMENT_NOT_HTTPS = "attachment_not_https"
    ATTACHMENT_URL_INVALID = "attachment_url_invalid"
    ATTACHMENT_TYPE_NOT_TAKEN = "attachment_type_not_taken"
    ATTACHMENT_TOO_LARGE = "attachment_too_large"
    TRACKING_NUMBER_INVALID = "tracking_number_invalid"
    REFUND_KEY_DIFFERS = "refund_key_differs"
    REFUND_NOT_IN_TRANSIT = "refund_not_in_transit"
    REFUND_NOT_REFUSED = "refund_not_refused"
    PAYOUT_UNDER_WAY = "payout_under_way"
    PAYOUT_LIMIT_REACHED = "payout_limit_reached"
    PAYOUT_NOT_FOUND = "payout_not_found"
    PAYOUT_NOT_AWAITING_APPROVAL = "payout_not_awaiting_approval"
    PAYOUT_APPROVED_BY_REQUESTER = "payout_approved_by_requester"
    PAYOUT_NOT_UNDER_WAY = "payout_not_under_way"
    BALANCE_INSUFFICIENT = "balance_insufficient"
    AMOUNT_NOT_MOVABLE = "amount_not_movable"
    REFERENCE_REPEATED = "reference_repeated"
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


E = TypeVar("E")

Decision = tuple[E, ...] | Rejection
"""What deciding gives: the events that follow (none if nothing changes), or a rejection."""
