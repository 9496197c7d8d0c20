"""What can be asked of an order. Names in the imperative; who may ask is decided at the edge."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.attachments import Attachment
from app.domain.order.facts import OrderFacts
from app.domain.order.payout_commands import PayoutCommand
from app.domain.order.ticket_commands import RefundReport, TicketDecision
from app.domain.order.tickets import RequestedItem, TicketType
from app.domain.reasons import ApplicationReason, DeclineReason


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterOrder:
    """Take note of an order. The same facts again change nothing; other facts are a conflict."""

    facts: OrderFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordShipment:
    """Take note that the goods were shipped."""

    shipped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReceiptConfirmation:
    """Take note that the buyer confirmed receipt."""

    confirmed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSettlement:
    """Take note that the order was settled with the shop."""

    settled_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAfterSalesEntry:
    """Open the entry of one order for five days, knowing what it may cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEntryReopening:
    """Ask the merchant to open a closed entry again."""

    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineEntryReopening:
    """Answer a reopening request with no."""

    reason: DeclineReason
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefund:
    """Apply for money back, with the goods going back or not."""

    items: tuple[RequestedItem, ...]
    return_goods: bool
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...] = ()

    @property
    def type(self) -> TicketType:
        """The ticket type applied for."""
        return TicketType.RETURN_AND_REFUND if self.return_goods else TicketType.REFUND_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestExchange:
    """Apply for the goods to be exchanged."""

    items: tuple[RequestedItem, ...]
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...] = ()

    @property
    def type(self) -> TicketType:
        """The ticket type applied for."""
        return TicketType.EXCHANGE


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReissue:
    """Apply for missing goods to be sent."""

    items: tuple[RequestedItem, ...]
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...] = ()

    @property
    def type(self) -> TicketType:
        """The ticket type applied for."""
        return TicketType.REISSUE


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRepair:
    """Apply for the goods to be repaired."""

    items: tuple[RequestedItem, ...]
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...] = ()

    @property
    def type(self) -> TicketType:
        """The ticket type applied for."""
        return TicketType.REPAIR


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnDeadlines:
    """Let happen what has fallen due. Nothing due: nothing happens."""


Application = RequestRefund | RequestExchange | RequestReissue | RequestRepair
EntryCommand = OpenAfterSalesEntry | RequestEntryReopening | DeclineEntryReopening
FactCommand = RegisterOrder | RecordShipment | RecordReceiptConfirmation | RecordSettlement
OrderCommand = (
    FactCommand
    | EntryCommand
    | Application
    | TicketDecision
    | RefundReport
    | PayoutCommand
    | ActOnDeadlines
)
"""Everything that can be asked of an order."""
