"""The codes of the operation log, and what of a line comes from the event itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue

from app.domain.refunds import CostPreview

Params = dict[str, JsonValue]
"""Facts by stable names: codes, amounts in minor units, instants in RFC 3339."""


class LogCode(StrEnum):
    """The stable name of what happened. The list only grows."""

    ORDER_REGISTERED = "order_registered"
    ORDER_SHIPPED = "order_shipped"
    RECEIPT_CONFIRMED = "receipt_confirmed"
    ORDER_SETTLED = "order_settled"
    ENTRY_OPENED = "entry_opened"
    ENTRY_EXPIRING = "entry_expiring"
    ENTRY_EXPIRED = "entry_expired"
    ENTRY_EXPIRED_UNUSED = "entry_expired_unused"
    REOPENING_REQUESTED = "reopening_requested"
    REOPENING_DECLINED = "reopening_declined"
    TICKET_CREATED = "ticket_created"
    OVERDUE_TICKET_CREATED = "overdue_ticket_created"
    APPLICATION_AGREED = "application_agreed"
    APPLICATION_AGREED_AUTOMATICALLY = "application_agreed_automatically"
    APPLICATION_AGREED_BY_RULE = "application_agreed_by_rule"
    APPLICATION_AGREED_WITHOUT_RETURN = "application_agreed_without_return"
    APPLICATION_REJECTED = "application_rejected"
    APPLICATION_MODIFIED = "application_modified"
    APPLICATION_WITHDRAWN = "application_withdrawn"
    TICKET_CLOSED = "ticket_closed"
    REFUND_FUNDED = "refund_funded"
    REFUND_ADVANCED = "refund_advanced"
    REFUND_OUTCOME_UNKNOWN = "refund_outcome_unknown"
    REFUND_REFUSED = "refund_refused"
    REFUND_SUCCEEDED = "refund_succeeded"
    PAYOUT_REQUESTED = "payout_requested"
    PAYOUT_AWAITS_APPROVAL = "payout_awaits_approval"
    PAYOUT_STARTED = "payout_started"
    PAYOUT_APPROVED = "payout_approved"
    PAYOUT_DECLINED = "payout_declined"
    PAYOUT_OUTCOME_UNKNOWN = "payout_outcome_unknown"
    PAYOUT_REFUSED = "payout_refused"
    PAYOUT_PAID = "payout_paid"
    REJECTION_REVERSED = "rejection_reversed"
    ASSISTANT_NOTIFIED = "assistant_notified"
    GOODS_SHIPPED_BACK = "goods_shipped_back"
    RETURN_SHIPMENT_CORRECTED = "return_shipment_corrected"
    RETURN_DEADLINE_EXTENDED = "return_deadline_extended"
    RETURN_RECEIVED = "return_received"
    RETURN_RECEIVED_AUTOMATICALLY = "return_received_automatically"
    RETURNED_GOODS_REJECTED = "returned_goods_rejected"
    REPLACEMENT_SHIPPED = "replacement_shipped"
    REPLACEMENT_RECEIVED = "replacement_received"
    REPLACEMENT_RECEIVED_AUTOMATICALLY = "replacement_received_automatically"
    ARBITRATION_REQUESTED = "arbitration_requested"
    ARBITRATION_EVIDENCE_SUBMITTED = "arbitration_evidence_submitted"
    ARBITRATION_RULED = "arbitration_ruled"
    ARBITRATION_RULED_AUTOMATICALLY = "arbitration_ruled_automatically"
    ARBITRATION_WITHDRAWN = "arbitration_withdrawn"
    TICKET_ESCALATED = "ticket_escalated"
    TICKET_REMARKED = "ticket_remarked"
    TICKET_DUE_REMINDED = "ticket_due_reminded"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFacts:
    """The part of a log line that comes from the event itself."""

    code: LogCode
    subject: str
    after: str | None
    params: Mapping[str, JsonValue]


def cost_facts(cost: CostPreview) -> Params:
    """Return what the log says of an acknowledged cost; what a shop's money lacks is its own."""
    return {
        "currency": cost.currency,
        "refundable": cost.refundable,
        "source": None if cost.source is None else cost.source.value,
        "borne": cost.borne,
        "talent_commission_kept": cost.talent_commission_kept,
        "agency_commission_kept": cost.agency_commission_kept,
        "service_fee_kept": cost.service_fee_kept,
    }
