"""The words of a ticket (售后单): its types, its states and what happens if nobody acts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import assert_never

from app.domain.policy import Policy
from app.domain.reasons import ApplicationReason


class TicketType(StrEnum):
    """What the consumer applies for."""

    REFUND_ONLY = "refund_only"
    RETURN_AND_REFUND = "return_and_refund"
    EXCHANGE = "exchange"
    REISSUE = "reissue"
    REPAIR = "repair"


class TicketState(StrEnum):
    """Where a ticket stands."""

    PENDING_MERCHANT = "pending_merchant"
    AWAITING_RETURN = "awaiting_return"
    AWAITING_REPLACEMENT = "awaiting_replacement"
    REFUNDING = "refunding"
    REJECTED = "rejected"
    SUCCEEDED = "succeeded"
    CLOSED = "closed"


FINAL_STATES = frozenset({TicketState.SUCCEEDED, TicketState.CLOSED})
"""States nothing leaves."""

DOUDIAN_CODES: Mapping[TicketState, int] = MappingProxyType(
    {
        TicketState.PENDING_MERCHANT: 6,
        TicketState.AWAITING_RETURN: 7,
        TicketState.AWAITING_REPLACEMENT: 8,
        TicketState.REFUNDING: 12,
        TicketState.REJECTED: 27,
        TicketState.SUCCEEDED: 12,
        TicketState.CLOSED: 28,
    }
)
"""抖店's own code for each state, shown beside ours."""


class DueAction(StrEnum):
    """What happens to a ticket by itself when its deadline passes."""

    AGREE = "agree"
    CLOSE = "close"


class CloseCause(StrEnum):
    """Why a ticket ended without the consumer's request being met."""

    WITHDRAWN = "withdrawn"
    NOT_RETURNED_IN_TIME = "not_returned_in_time"
    REJECTION_NOT_CONTESTED = "rejection_not_contested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The instant a ticket acts by itself, and what it does then."""

    at: datetime
    action: DueAction


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedItem:
    """How many units of an item are concerned, and the money asked for them in minor units.

    ``amount`` is 0 where no money is asked for (exchange, reissue, repair).
    """

    item_id: str
    quantity: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket as the rules see it. ``version``: the stream version of its last change."""

    ticket_id: str
    type: TicketType
    state: TicketState
    items: tuple[RequestedItem, ...]
    amount: int
    reason: ApplicationReason
    overdue: bool
    due: Due | None
    version: int

    @property
    def active(self) -> bool:
        """Whether the ticket may still change; one ticket per order may be."""
        return self.state not in FINAL_STATES


def asks_for_money(ticket_type: TicketType) -> bool:
    """Tell the two refund types from the three that send goods."""
    return ticket_type in {TicketType.REFUND_ONLY, TicketType.RETURN_AND_REFUND}


def sends_goods_back(ticket_type: TicketType) -> bool:
    """Tell whether the buyer ships the goods back before anything else happens."""
    return ticket_type in {TicketType.RETURN_AND_REFUND, TicketType.EXCHANGE, TicketType.REPAIR}


def state_after_agreement(ticket_type: TicketType) -> TicketState:
    """Return where the merchant's agreement leads for each type."""
    match ticket_type:
        case TicketType.REFUND_ONLY:
            return TicketState.REFUNDING
        case TicketType.RETURN_AND_REFUND | TicketType.EXCHANGE | TicketType.REPAIR:
            return TicketState.AWAITING_RETURN
        case TicketType.REISSUE:
            return TicketState.AWAITING_REPLACEMENT
        case _:
            assert_never(ticket_type)


def due_in(state: TicketState, entered_at: datetime, policy: Policy) -> Due | None:
    """Return the deadline of a state entered at an instant; None where a ticket may stay."""
    match state:
        case TicketState.PENDING_MERCHANT:
            return Due(at=entered_at + policy.merchant_answer_within, action=DueAction.AGREE)
        case TicketState.AWAITING_RETURN:
            return Due(at=entered_at + policy.buyer_return_within, action=DueAction.CLOSE)
        case TicketState.REJECTED:
            return Due(at=entered_at + policy.rejected_closes_after, action=DueAction.CLOSE)
        case (
            TicketState.AWAITING_REPLACEMENT
            | TicketState.REFUNDING
            | TicketState.SUCCEEDED
            | TicketState.CLOSED
        ):
            return None
        case _:
            assert_never(state)
