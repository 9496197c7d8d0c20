"""An order as people see it: what lists and details show, before any wire format."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.order.facts import OrderFacts
from app.domain.reasons import DeclineReason
from app.domain.refunds import CostPreview
from app.domain.text import TextEnum
from app.projections.tickets.view import TicketView


class EntryState(TextEnum):
    """Where the after-sales entry of an order stands."""

    NEVER_OPENED = "never_opened", "未打开", "Never opened"
    OPEN = "open", "已打开", "Open"
    CLOSED = "closed", "已关闭", "Closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopeningRequest:
    """The consumer's wish to have a closed entry opened again, not answered yet."""

    requested_at: datetime
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopeningDecline:
    """The merchant's last answer of no since the entry was opened."""

    at: datetime
    reason: DeclineReason
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """The after-sales entry. All but state and generation are of the latest opening.

    ``state`` is as the last event left it; what holds at an instant says ``state_at``.
    """

    state: EntryState = EntryState.NEVER_OPENED
    generation: int = 0
    opened_at: datetime | None = None
    expires_at: datetime | None = None
    remind_at: datetime | None = None
    used: bool = False
    reminded_at: datetime | None = None
    closed_at: datetime | None = None
    reopening: ReopeningRequest | None = None
    declined: ReopeningDecline | None = None
    acknowledged_cost: CostPreview | None = None

    def state_at(self, now: datetime) -> EntryState:
        """Return the state at an instant: past its expiry an entry is closed, timer or not."""
        if self.state is EntryState.OPEN and self.expires_at is not None and now >= self.expires_at:
            return EntryState.CLOSED
        return self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order with its entry and its tickets, oldest first. ``version`` counts its events."""

    facts: OrderFacts
    registered_at: datetime
    shipped_at: datetime | None = None
    receipt_confirmed_at: datetime | None = None
    settled_at: datetime | None = None
    entry: EntryView = EntryView()
    tickets: tuple[TicketView, ...] = ()
    updated_at: datetime
    version: int

    @property
    def buyer_id(self) -> str:
        """Whose order it is."""
        return self.facts.buyer_id

    @property
    def refunded_amount(self) -> int:
        """Minor units successfully refunded so far, over all tickets."""
        return sum(ticket.refunded_amount for ticket in self.tickets)

    @property
    def current_ticket(self) -> TicketView | None:
        """The ticket under way, or else the latest one."""
        active = next((ticket for ticket in self.tickets if ticket.active), None)
        return active or (self.tickets[-1] if self.tickets else None)

    def ticket(self, ticket_id: str) -> TicketView | None:
        """Return one of the order's tickets."""
        return next((ticket for ticket in self.tickets if ticket.ticket_id == ticket_id), None)
