"""A ticket as people see it: what lists and details show, before any wire format."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.attachments import Attachment
from app.domain.order.tickets import (
    FINAL_STATES,
    AppliedRule,
    ArbitrationCause,
    Blame,
    CloseCause,
    Due,
    RequestedItem,
    Ruling,
    Side,
    TicketState,
    TicketType,
    waiting_for,
)
from app.domain.reasons import ApplicationReason, RejectReason
from app.domain.refunds import CostPreview, FundingSource, RefundRefusal, RefundStatus, Shares
from app.domain.shipments import Shipment
from app.projections.refunds.payout_view import PayoutView


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRejection:
    """Why and on what evidence the merchant said no, to the application or to what came back."""

    at: datetime
    reason: RejectReason
    note: str | None
    evidence: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentView:
    """A parcel on its way since ``at``; received by hand or, at its deadline, automatically.

    ``first_told``: what was said of it before it was corrected.
    """

    at: datetime
    shipment: Shipment
    first_told: Shipment | None = None
    corrected_at: datetime | None = None
    received_at: datetime | None = None
    received_automatically: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemarkView:
    """What one side added to the ticket."""

    at: datetime
    side: Side
    text: str
    pictures: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """What one side gave in an arbitration."""

    at: datetime
    side: Side
    note: str | None
    evidence: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingView:
    """How the platform ruled. ``final_amount``: the money granted, in minor units."""

    at: datetime
    automatic: bool
    ruling: Ruling
    blame: Blame
    final_amount: int
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbitrationView:
    """The latest arbitration of a ticket. ``number`` counts those there have been."""

    number: int
    cause: ArbitrationCause
    began_at: datetime
    evidence: tuple[EvidenceView, ...]
    withdrawn_at: datetime | None = None
    ruling: RulingView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundView:
    """The money of a ticket on its way, under one key for life. Amounts in minor units.

    ``shares``: who bears how much of it. ``preview``: the cost acknowledged before, if any.
    """

    refund_key: str
    status: RefundStatus
    source: FundingSource
    shares: Shares
    insufficient: bool
    preview: CostPreview | None = None
    funded_at: datetime
    unknown_since: datetime | None = None
    refused_at: datetime | None = None
    refusal: RefundRefusal | None = None
    provider_text: str | None = None
    provider_reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketView:
    """A ticket. Amounts in minor units; ``version``: the stream's at the ticket's last change."""

    ticket_id: str
    shop_id: str
    order_id: str
    buyer_id: str
    type: TicketType
    state: TicketState
    items: tuple[RequestedItem, ...]
    amount: int
    currency: str
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...]
    overdue: bool
    entry_generation: int | None
    due: Due | None
    modifications: int = 0
    agreed_at: datetime | None = None
    agreed_automatically: bool | None = None
    agreed_without_return: bool | None = None
    agreed_by_rule: AppliedRule | None = None
    rejected: TicketRejection | None = None
    returned_goods_rejected: TicketRejection | None = None
    rejection_reversed_at: datetime | None = None
    return_shipment: ShipmentView | None = None
    return_extensions: int = 0
    replacement: ShipmentView | None = None
    arbitration: ArbitrationView | None = None
    remarks: tuple[RemarkView, ...] = ()
    closed_at: datetime | None = None
    close_cause: CloseCause | None = None
    refund: RefundView | None = None
    payouts: tuple[PayoutView, ...] = ()
    refunded_at: datetime | None = None
    refunded_amount: int = 0
    created_at: datetime
    updated_at: datetime
    version: int

    @property
    def active(self) -> bool:
        """Whether the ticket may still change."""
        return self.state not in FINAL_STATES

    @property
    def goods_returned(self) -> bool:
        """Whether the goods are with the merchant, accepted or not."""
        parcel = self.return_shipment
        received = parcel is not None and parcel.received_at is not None
        return received or self.returned_goods_rejected is not None

    @property
    def waiting_for(self) -> Side | None:
        """Who has to act now; None once the ticket has ended."""
        arbitration = self.arbitration
        given = arbitration is not None and any(
            evidence.side is Side.MERCHANT for evidence in arbitration.evidence
        )
        return waiting_for(self.state, merchant_gave_evidence=given)
