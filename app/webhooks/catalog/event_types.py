"""The names public events go by, and the versions their bodies come in."""

from enum import StrEnum


class ApiVersion(StrEnum):
    """A form the bodies of public events are given in; an endpoint keeps the one it began with."""

    V2026_11_01 = "2026-11-01"


LATEST = ApiVersion.V2026_11_01
"""What the feed gives, and what a new endpoint begins with."""


class EventType(StrEnum):
    """What others can be told. Names are never changed or taken away: subscribers rely on them."""

    ENTRY_OPENED = "entry.opened"
    ENTRY_EXPIRING = "entry.expiring"
    ENTRY_EXPIRED = "entry.expired"
    ENTRY_REOPENING_REQUESTED = "entry.reopening_requested"
    ENTRY_REOPENING_DECLINED = "entry.reopening_declined"

    TICKET_CREATED = "ticket.created"
    TICKET_MODIFIED = "ticket.modified"
    TICKET_AGREED = "ticket.agreed"
    TICKET_REJECTED = "ticket.rejected"
    TICKET_REJECTION_REVERSED = "ticket.rejection_reversed"
    TICKET_RETURN_SHIPPED = "ticket.return_shipped"
    TICKET_RETURN_CORRECTED = "ticket.return_corrected"
    TICKET_RETURN_EXTENDED = "ticket.return_extended"
    TICKET_RETURN_RECEIVED = "ticket.return_received"
    TICKET_RETURN_REJECTED = "ticket.return_rejected"
    TICKET_REPLACEMENT_SHIPPED = "ticket.replacement_shipped"
    TICKET_REMARKED = "ticket.remarked"
    TICKET_ARBITRATION_REQUESTED = "ticket.arbitration_requested"
    TICKET_ESCALATED = "ticket.escalated"
    TICKET_EVIDENCE_SUBMITTED = "ticket.evidence_submitted"
    TICKET_RULED = "ticket.ruled"
    TICKET_ARBITRATION_WITHDRAWN = "ticket.arbitration_withdrawn"
    TICKET_SUCCEEDED = "ticket.succeeded"
    TICKET_COMPLETED = "ticket.completed"
    TICKET_CLOSED = "ticket.closed"

    REFUND_REQUESTED = "refund.requested"
    REFUND_FUNDED = "refund.funded"
    REFUND_UNKNOWN = "refund.unknown"
    REFUND_FAILED = "refund.failed"
    REFUND_SUCCEEDED = "refund.succeeded"

    ADVANCE_PAYOUT_STARTED = "advance_payout.started"
    ADVANCE_PAYOUT_UNKNOWN = "advance_payout.unknown"
    ADVANCE_PAYOUT_FAILED = "advance_payout.failed"
    ADVANCE_PAYOUT_PAID = "advance_payout.paid"

    FUNDS_INSUFFICIENT = "funds.insufficient"
    DEPOSIT_BELOW_REQUIRED = "deposit.below_required"
    DEPOSIT_RESTORED = "deposit.restored"
    SHOP_RESTRICTED = "shop.restricted"
    SHOP_RESTRICTION_LIFTED = "shop.restriction_lifted"

    WEBHOOK_ENDPOINT_DISABLED = "webhook_endpoint.disabled"
    WEBHOOK_ENDPOINT_ENABLED = "webhook_endpoint.enabled"
