"""An order as its rules see it: the fold of its stream."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TypedDict

from app.domain.order.facts import OrderFacts
from app.domain.order.tickets import Due, Ticket, TicketState, due_in
from app.domain.policy import Policy
from app.domain.refunds import CostPreview, Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverOpened:
    """The merchant has not opened the entry yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryOpen:
    """The consumer may apply until, not including, ``expires_at``."""

    generation: int
    opened_at: datetime
    expires_at: datetime
    remind_at: datetime
    used: bool
    reminded: bool
    acknowledged_cost: CostPreview


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryClosed:
    """The entry ran its time. ``reopening_requested`` waits for the merchant's answer."""

    generation: int
    reopening_requested: bool


Entry = NeverOpened | EntryOpen | EntryClosed


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRefunds:
    """What has come back of one item: money in minor units, and units returned to the merchant."""

    amount: int = 0
    quantity_returned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unregistered:
    """No order is known under this id."""

    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A registered order. ``version`` counts its events; ``updated_at`` is the last one's."""

    version: int
    updated_at: datetime
    facts: OrderFacts
    shipped_at: datetime | None = None
    receipt_confirmed_at: datetime | None = None
    settled_at: datetime | None = None
    settled_shares: Shares | None = None
    """How the money was shared when it left escrow; None before settlement."""
    entry: Entry = field(default_factory=NeverOpened)
    tickets: Mapping[str, Ticket] = field(default_factory=lambda: MappingProxyType({}))
    refunds: Mapping[str, ItemRefunds] = field(default_factory=lambda: MappingProxyType({}))
    applications_in_period: int = 0

    @property
    def refunded(self) -> int:
        """Minor units successfully refunded so far."""
        return sum(item.amount for item in self.refunds.values())

    @property
    def refundable(self) -> int:
        """Minor units that may still be refunded."""
        return self.facts.payment.amount.amount - self.refunded

    @property
    def active_ticket(self) -> Ticket | None:
        """The one ticket under way, if any."""
        return next((ticket for ticket in self.tickets.values() if ticket.active), None)


OrderState = Unregistered | Order


class EventFields(TypedDict):
    """The values of `TicketEventFields`."""

    at: datetime
    ticket_id: str
    buyer_id: str
    state: TicketState
    due: Due | None


def event_fields(
    order: Order, ticket_id: str, at: datetime, state: TicketState, due: Due | None
) -> EventFields:
    """Return what an event of a ticket of this order has in common with all others."""
    buyer_id = order.facts.buyer_id
    return EventFields(at=at, ticket_id=ticket_id, buyer_id=buyer_id, state=state, due=due)


def entering(
    state: TicketState, order: Order, ticket_id: str, at: datetime, policy: Policy
) -> EventFields:
    """Return these fields of an event that leads to a state, with that state's deadline."""
    return event_fields(order, ticket_id, at, state, due_in(state, at, policy))


def staying(order: Order, ticket: Ticket, at: datetime) -> EventFields:
    """Return these fields of an event that leaves state and deadline as they are."""
    return event_fields(order, ticket.ticket_id, at, ticket.state, ticket.due)
