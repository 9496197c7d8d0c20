"""What can have happened to an order. Stored for ever, so only ever added to.

Every event says when it happened (``at``). An event decided by a deadline happened at that
deadline, however late the timer was. What happens to tickets is in ticket_events.
"""

from dataclasses import dataclass
from datetime import datetime

from app.domain.order.cost import CostPreview
from app.domain.order.eligibility import Verdict
from app.domain.order.facts import OrderFacts
from app.domain.order.ticket_events import TicketEvent
from app.domain.reasons import DeclineReason


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRegistered:
    """The order system told us about an order."""

    at: datetime
    facts: OrderFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderShipped:
    """The goods left the merchant at ``shipped_at``."""

    at: datetime
    shipped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptConfirmed:
    """The buyer confirmed receipt at ``confirmed_at``; the after-sales period runs from there."""

    at: datetime
    confirmed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSettled:
    """The money left escrow for the shop's accounts at ``settled_at``."""

    at: datetime
    settled_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterSalesEntryOpened:
    """The merchant opened the entry, knowing the cost shown; it closes at ``expires_at``."""

    at: datetime
    buyer_id: str
    generation: int
    expires_at: datetime
    remind_at: datetime
    acknowledged_cost: CostPreview
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterSalesEntryExpiring:
    """The consumer is reminded once that an unused entry is about to close."""

    at: datetime
    buyer_id: str
    generation: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterSalesEntryExpired:
    """The five days are over. ``used`` says whether an application came through this opening."""

    at: datetime
    buyer_id: str
    generation: int
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReopeningRequested:
    """The consumer asked for the closed entry to be opened again."""

    at: datetime
    buyer_id: str
    generation: int
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReopeningDeclined:
    """The merchant declined to open the entry again."""

    at: datetime
    buyer_id: str
    generation: int
    reason: DeclineReason
    note: str | None


EntryEvent = (
    AfterSalesEntryOpened
    | AfterSalesEntryExpiring
    | AfterSalesEntryExpired
    | EntryReopeningRequested
    | EntryReopeningDeclined
)
FactEvent = OrderRegistered | OrderShipped | ReceiptConfirmed | OrderSettled
OrderEvent = FactEvent | EntryEvent | TicketEvent
"""Everything that can have happened to an order."""
