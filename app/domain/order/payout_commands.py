"""What can be asked of an advance payout: money to another account of the buyer (先行赔付)."""

from dataclasses import dataclass

from app.domain.payees import SealedPayee
from app.domain.refunds import RefundRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAdvancePayout:
    """Pay the money of a refused refund to another account of the buyer.

    ``payout_key`` is new for every payout and the same for its whole life; ``requested_by``: the
    id of the key or person that asks.
    """

    ticket_id: str
    payout_key: str
    payee: SealedPayee
    note: str | None
    requested_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveAdvancePayout:
    """Let a payout go that needs a second person."""

    ticket_id: str
    payout_key: str
    approved_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineAdvancePayout:
    """Do not let it go; whoever asked for it may decline it too."""

    ticket_id: str
    payout_key: str
    declined_by: str
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayoutUnknown:
    """Take note that nobody knows yet whether a payout was paid."""

    ticket_id: str
    payout_key: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayoutRefusal:
    """Take note that the provider will never pay to this payee under this key."""

    ticket_id: str
    payout_key: str
    refusal: RefundRefusal
    provider_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayoutSuccess:
    """Take note that the buyer has the money."""

    ticket_id: str
    payout_key: str
    provider_reference: str


PayoutDecision = StartAdvancePayout | ApproveAdvancePayout | DeclineAdvancePayout
"""What people of the platform decide."""
PayoutReport = RecordPayoutUnknown | RecordPayoutRefusal | RecordPayoutSuccess
"""What is reported of a payout on its way."""
PayoutCommand = PayoutDecision | PayoutReport
