"""What can have happened to a ticket (售后单). Stored for ever, so only ever added to.

Every event names the state and the deadline the ticket is left in, so that every projection can be
made from events alone.
"""

from dataclasses import dataclass
from datetime import datetime

from app.domain.attachments import Attachment
from app.domain.order.cost import CostPreview
from app.domain.order.payout_events import PayoutChange
from app.domain.order.tickets import (
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
)
from app.domain.reasons import ApplicationReason, RejectReason
from app.domain.refunds import FundingSource, RefundRefusal, Shares
from app.domain.shipments import Shipment


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCreated:
    """The consumer's application became a ticket.

    ``overdue`` is the label 超期售后: the application came through an opened entry, whose
    ``entry_generation`` is named then and absent otherwise.
    """

    at: datetime
    ticket_id: str
    buyer_id: str
    type: TicketType
    items: tuple[RequestedItem, ...]
    amount: int
    currency: str
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...]
    overdue: bool
    entry_generation: int | None
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationAgreed:
    """The merchant agreed, or a rule did, or the time for an answer ran out (``automatic``).

    ``without_return``: the goods stay with the buyer, though the type would send them back.
    ``rule``: the assistant's rule that agreed, None if it was none. ``acknowledged_cost``: what the
    merchant was shown it would cost, None if nobody looked.
    """

    at: datetime
    ticket_id: str
    buyer_id: str
    automatic: bool
    without_return: bool
    rule: AppliedRule | None
    acknowledged_cost: CostPreview | None
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRejected:
    """The merchant rejected the application for a coded reason."""

    at: datetime
    ticket_id: str
    buyer_id: str
    reason: RejectReason
    note: str | None
    evidence: tuple[Attachment, ...]
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketClosed:
    """The ticket ended without the request being met."""

    at: datetime
    ticket_id: str
    buyer_id: str
    cause: CloseCause
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSucceeded:
    """The money of a ticket reached the buyer.

    ``refund_key``, ``source`` and ``provider_reference`` are None where finance reported it.
    """

    at: datetime
    ticket_id: str
    buyer_id: str
    items: tuple[RequestedItem, ...]
    amount: int
    currency: str
    refund_key: str | None
    source: FundingSource | None
    provider_reference: str | None
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationModified:
    """The consumer changed the application; it waits for the merchant anew."""

    at: datetime
    ticket_id: str
    buyer_id: str
    type: TicketType
    items: tuple[RequestedItem, ...]
    amount: int
    currency: str
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...]
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionReversed:
    """The merchant took a rejected ticket up again and granted it (拒绝后再次处理)."""

    at: datetime
    ticket_id: str
    buyer_id: str
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsShippedBack:
    """The buyer sent the goods back."""

    at: datetime
    ticket_id: str
    buyer_id: str
    shipment: Shipment
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnShipmentCorrected:
    """The buyer corrected carrier or tracking number; ``previous`` is what it said before."""

    at: datetime
    ticket_id: str
    buyer_id: str
    previous: Shipment
    shipment: Shipment
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnDeadlineExtended:
    """The merchant gave the buyer more time for the return."""

    at: datetime
    ticket_id: str
    buyer_id: str
    previous_due_at: datetime
    days: int
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnReceived:
    """The merchant confirmed the returned goods, or the time for it ran out (``automatic``).

    ``acknowledged_cost``: what the merchant was shown it would cost, None if nobody looked.
    """

    at: datetime
    ticket_id: str
    buyer_id: str
    automatic: bool
    acknowledged_cost: CostPreview | None
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedGoodsRejected:
    """The merchant rejected the goods that came back."""

    at: datetime
    ticket_id: str
    buyer_id: str
    reason: RejectReason
    note: str | None
    evidence: tuple[Attachment, ...]
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementShipped:
    """The merchant shipped the replacement, the reissued or the repaired goods."""

    at: datetime
    ticket_id: str
    buyer_id: str
    shipment: Shipment
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacementReceived:
    """The buyer confirmed the goods sent, or the time for it ran out (``automatic``)."""

    at: datetime
    ticket_id: str
    buyer_id: str
    automatic: bool
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRemarked:
    """One side added a remark; the ticket stays where it is."""

    at: datetime
    ticket_id: str
    buyer_id: str
    side: Side
    text: str
    pictures: tuple[Attachment, ...]
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbitrationRequested:
    """The buyer asked the platform to arbitrate a rejection."""

    at: datetime
    ticket_id: str
    buyer_id: str
    note: str
    evidence: tuple[Attachment, ...]
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEscalated:
    """The platform stepped in by itself, because the merchant did not act in time."""

    at: datetime
    ticket_id: str
    buyer_id: str
    cause: ArbitrationCause
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbitrationEvidenceSubmitted:
    """One side gave evidence in an arbitration."""

    at: datetime
    ticket_id: str
    buyer_id: str
    side: Side
    note: str | None
    evidence: tuple[Attachment, ...]
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbitrationRuled:
    """The platform ruled, or the time for the merchant's evidence ran out (``automatic``).

    ``items`` and ``amount``: the money granted, in minor units; 0 where goods are sent, or nothing.
    ``close_cause``: why the ticket ends here, None if it goes on.
    """

    at: datetime
    ticket_id: str
    buyer_id: str
    automatic: bool
    ruling: Ruling
    blame: Blame
    items: tuple[RequestedItem, ...]
    amount: int
    currency: str
    note: str | None
    close_cause: CloseCause | None
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbitrationWithdrawn:
    """The buyer took the request for arbitration back; the ticket stands where it stood."""

    at: datetime
    ticket_id: str
    buyer_id: str
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantNotified:
    """A rule of the assistant drew the merchant's attention to an application."""

    at: datetime
    ticket_id: str
    buyer_id: str
    rule: AppliedRule
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDueReminded:
    """The side concerned is reminded once of what is about to happen by itself.

    The ticket itself is not changed by it, nor is its version.
    """

    at: datetime
    ticket_id: str
    buyer_id: str
    side: Side
    state: TicketState
    due: Due


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFunded:
    """A source was found for the money of a ticket; the provider is asked to pay.

    ``shares``: who bears how much of ``amount``. ``insufficient``: neither cash nor deposit covered
    it, so the platform pays in advance (先行赔付).
    ``preview``: the cost acknowledged before, if any.
    """

    at: datetime
    ticket_id: str
    buyer_id: str
    refund_key: str
    amount: int
    currency: str
    source: FundingSource
    shares: Shares
    insufficient: bool
    preview: CostPreview | None
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOutcomeUnknown:
    """The provider gave no answer; until it does, nothing else pays."""

    at: datetime
    ticket_id: str
    buyer_id: str
    refund_key: str
    why: str
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRefused:
    """The provider will not pay to the buyer's account; the funding goes back."""

    at: datetime
    ticket_id: str
    buyer_id: str
    refund_key: str
    refusal: RefundRefusal
    provider_text: str
    state: TicketState
    due: Due | None


AnswerToApplication = (
    ApplicationAgreed | ApplicationRejected | RejectionReversed | AssistantNotified
)
BuyersChange = ApplicationModified | TicketClosed
ReturnChange = (
    GoodsShippedBack
    | ReturnShipmentCorrected
    | ReturnDeadlineExtended
    | ReturnReceived
    | ReturnedGoodsRejected
)
ReplacementChange = ReplacementShipped | ReplacementReceived
ArbitrationChange = (
    ArbitrationRequested
    | TicketEscalated
    | ArbitrationEvidenceSubmitted
    | ArbitrationRuled
    | ArbitrationWithdrawn
)
RefundChange = RefundFunded | RefundOutcomeUnknown | RefundRefused | RefundSucceeded
TicketChange = (
    AnswerToApplication
    | BuyersChange
    | ReturnChange
    | ReplacementChange
    | ArbitrationChange
    | TicketRemarked
    | RefundChange
    | PayoutChange
)
"""What changes a ticket: each names the state and the deadline it leads to."""
TicketEvent = TicketCreated | TicketChange | TicketDueReminded
