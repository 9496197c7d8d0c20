"""The names of what people are told in the site."""

from dataclasses import dataclass
from enum import StrEnum

from app.domain.text import Text


class Template(StrEnum):
    """The stable name of each message. The list only grows."""

    ENTRY_OPENED = "entry_opened"
    ENTRY_EXPIRING = "entry_expiring"
    ENTRY_EXPIRED = "entry_expired"
    REOPENING_REQUESTED = "reopening_requested"
    REOPENING_DECLINED = "reopening_declined"
    TICKET_CREATED = "ticket_created"
    APPLICATION_AGREED = "application_agreed"
    APPLICATION_AGREED_AUTOMATICALLY = "application_agreed_automatically"
    APPLICATION_REJECTED = "application_rejected"
    APPLICATION_WITHDRAWN = "application_withdrawn"
    TICKET_CLOSED = "ticket_closed"
    REFUND_SUCCEEDED = "refund_succeeded"
    REFUND_REFUSED = "refund_refused"
    PAYOUT_STARTED = "payout_started"
    PAYOUT_CHARGED = "payout_charged"
    PAYOUT_REFUSED = "payout_refused"
    PAYOUT_PAID = "payout_paid"
    APPLICATION_AGREED_BY_RULE = "application_agreed_by_rule"
    ASSISTANT_NOTIFIED = "assistant_notified"
    APPLICATION_MODIFIED = "application_modified"
    REJECTION_REVERSED = "rejection_reversed"
    SHIP_GOODS_BACK = "ship_goods_back"
    GOODS_SHIPPED_BACK = "goods_shipped_back"
    RETURN_SHIPMENT_CORRECTED = "return_shipment_corrected"
    RETURN_DEADLINE_EXTENDED = "return_deadline_extended"
    RETURN_RECEIVED = "return_received"
    RETURN_RECEIVED_AUTOMATICALLY = "return_received_automatically"
    RETURNED_GOODS_REJECTED = "returned_goods_rejected"
    REPLACEMENT_SHIPPED = "replacement_shipped"
    REPLACEMENT_RECEIVED = "replacement_received"
    ARBITRATION_REQUESTED = "arbitration_requested"
    TICKET_ESCALATED = "ticket_escalated"
    ARBITRATION_EVIDENCE_SUBMITTED = "arbitration_evidence_submitted"
    ARBITRATION_RULED = "arbitration_ruled"
    ARBITRATION_WITHDRAWN = "arbitration_withdrawn"
    TICKET_REMARKED = "ticket_remarked"
    TICKET_DUE_SOON = "ticket_due_soon"
    DEPOSIT_BELOW_REQUIRED = "deposit_below_required"
    DEPOSIT_RESTORED = "deposit_restored"
    SHOP_RESTRICTED = "shop_restricted"
    RESTRICTION_LIFTED = "restriction_lifted"
    ARREARS_COLLECTED = "arrears_collected"
    WEBHOOK_ENDPOINT_GONE = "webhook_endpoint_gone"
    WEBHOOK_ENDPOINT_FAILING = "webhook_endpoint_failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message in words."""

    title: Text
    body: Text
