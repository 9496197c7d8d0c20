"""What can have happened to an advance payout (先行赔付). Stored for ever, so only ever added to.

Like every event of a ticket they name the state and the deadline the ticket is left in.
"""

from dataclasses import dataclass
from datetime import datetime

from app.domain.order.tickets import Due, RequestedItem, TicketState
from app.domain.payees import SealedPayee
from app.domain.refunds import RefundRefusal, Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePayoutRequested:
    """Customer service asked for a payout. ``needs_approval``: it waits for a second person."""

    at: datetime
    ticket_id: str
    buyer_id: str
    payout_key: str
    payee: SealedPayee
    amount: int
    currency: str
    note: str | None
    requested_by: str
    needs_approval: bool
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePayoutStarted:
    """The platform pays in advance and charges the deposit; the provider is asked to pay.

    ``approved_by``: None where it needed nobody's approval. ``shares``: who bears how much of
    ``amount``, in minor units: all of it the shop, but for what flows back in the period.
    """

    at: datetime
    ticket_id: str
    buyer_id: str
    payout_key: str
    amount: int
    currency: str
    approved_by: str | None
    shares: Shares
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePayoutDeclined:
    """A payout was not let go; nothing had moved."""

    at: datetime
    ticket_id: str
    buyer_id: str
    payout_key: str
    declined_by: str
    note: str | None
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePayoutOutcomeUnknown:
    """The provider gave no answer; until it does, nothing else pays."""

    at: datetime
    ticket_id: str
    buyer_id: str
    payout_key: str
    why: str
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePayoutRefused:
    """The provider will not pay to this payee; what was charged goes back."""

    at: datetime
    ticket_id: str
    buyer_id: str
    payout_key: str
    refusal: RefundRefusal
    provider_text: str
    state: TicketState
    due: Due | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvancePayoutPaid:
    """The buyer has the money; the ticket has succeeded."""

    at: datetime
    ticket_id: str
    buyer_id: str
    payout_key: str
    items: tuple[RequestedItem, ...]
    amount: int
    currency: str
    provider_reference: str
    state: TicketState
    due: Due | None


PayoutChange = (
    AdvancePayoutRequested
    | AdvancePayoutStarted
    | AdvancePayoutDeclined
    | AdvancePayoutOutcomeUnknown
    | AdvancePayoutRefused
    | AdvancePayoutPaid
)
