"""What each side says of one payment key: the provider's book, the ledger, the ticket."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.funds.accounts import Account, change_of
from app.domain.money import Money
from app.domain.order.tickets import Ruling, TicketState
from app.domain.refunds import PayoutStatus, RefundStatus
from app.payments.provider.port import BookEntry, PaymentKind
from app.projections.ledger.entry import LedgerEntry, LedgerKind
from app.projections.refunds.payout_view import PayoutView
from app.projections.tickets.view import TicketView


class LedgerEnd(StrEnum):
    """How far the ledger has come with a key."""

    IN_TRANSIT = "in_transit"
    PAID = "paid"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSide:
    """The journals of a key, in minor units: what was put on its way, and what arrived."""

    end: LedgerEnd
    funded: int
    paid: int
    at: tuple[datetime, ...]


class Standing(StrEnum):
    """How a ticket says a payment stands."""

    NOT_ASKED = "not_asked"
    UNDER_WAY = "under_way"
    """The provider has been asked, or is about to be, and the end is not known."""
    REFUSED = "refused"
    PAID = "paid"
    PAID_BY_HAND = "paid_by_hand"
    """Finance reported it; the provider was never asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSide:
    """What a ticket says of a key.

    ``in_books``: whether its money is ours to move; cash on delivery is not. ``position`` and
    ``recorded_at``: of the ticket's last event; None where they come from a view that may lag.
    """

    ticket_id: str
    kind: PaymentKind
    standing: Standing
    amount: Money
    provider_reference: str | None
    at: tuple[datetime, ...]
    in_books: bool = True
    position: int | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """All that is known of a key. ``paid`` is None where no provider is configured."""

    shop_id: str
    key: str
    paid: tuple[BookEntry, ...] | None
    ledger: LedgerSide | None
    ticket: TicketSide | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From an instant, up to and without another; None leaves a side open."""

    at_from: datetime | None = None
    at_to: datetime | None = None

    def has_any(self, instants: Sequence[datetime]) -> bool:
        """Return whether one of these lies within; an open period has everything."""
        return (self.at_from is None and self.at_to is None) or any(map(self._has, instants))

    def _has(self, instant: datetime) -> bool:
        after = self.at_from is None or instant >= self.at_from
        return after and (self.at_to is None or instant < self.at_to)


def ledger_side(entries: Sequence[LedgerEntry]) -> LedgerSide | None:
    """Return what the journals of a key say together; None where there are none."""
    if not entries:
        return None
    in_transit = [(entry.kind, change_of(Account.IN_TRANSIT, entry.lines)) for entry in entries]
    kinds = {kind for kind, _ in in_transit}
    end = LedgerEnd.IN_TRANSIT
    if LedgerKind.FUNDING_REVERSED in kinds:
        end = LedgerEnd.REVERSED
    if LedgerKind.REFUND_PAID in kinds:
        end = LedgerEnd.PAID
    return LedgerSide(
        end=end,
        funded=sum(amount for _, amount in in_transit if amount > 0),
        paid=-sum(amount for kind, amount in in_transit if kind is LedgerKind.REFUND_PAID),
        at=tuple(entry.at for entry in entries),
    )


def ticket_sides(view: TicketView, refund_key: str) -> dict[str, TicketSide]:
    """Return what a ticket says, by the key of each of its payments: the refund, then payouts."""
    key = refund_key if view.refund is None else view.refund.refund_key
    payouts = {payout.payout_key: _of_payout(view, payout) for payout in view.payouts}
    return {key: _of_refund(view), **payouts}


def _of_refund(view: TicketView) -> TicketSide:
    refund, standing = view.refund, _standing(view)
    moved = () if refund is None else (refund.funded_at, refund.refused_at)
    paid_by_refund = standing is not Standing.REFUSED
    return TicketSide(
        ticket_id=view.ticket_id,
        kind=PaymentKind.REFUND,
        standing=standing,
        amount=Money(amount=_to_be_paid(view), currency=view.currency),
        provider_reference=refund.provider_reference if refund and paid_by_refund else None,
        at=tuple(at for at in (view.refunded_at, *moved) if at is not None),
    )


def _of_payout(view: TicketView, payout: PayoutView) -> TicketSide:
    instants = (payout.started_at, payout.refused_at, payout.paid_at)
    return TicketSide(
        ticket_id=view.ticket_id,
        kind=PaymentKind.PAYOUT,
        standing=_standing_of_payout(payout.status),
        amount=Money(amount=_to_be_paid(view), currency=view.currency),
        provider_reference=payout.provider_reference,
        at=tuple(at for at in instants if at is not None),
    )


def _to_be_paid(view: TicketView) -> int:
    """Return what is paid: what was asked for, or what a ruling for the buyer granted."""
    ruling = None if view.arbitration is None else view.arbitration.ruling
    if ruling is not None and ruling.ruling is Ruling.FOR_BUYER:
        return ruling.final_amount
    return view.amount


def _standing(view: TicketView) -> Standing:
    if view.refund is None:
        ended = view.state is TicketState.SUCCEEDED
        return Standing.PAID_BY_HAND if ended else Standing.NOT_ASKED
    if view.refund.refused_at is not None:
        return Standing.REFUSED  # final for this key, though a payout may have paid since
    match view.refund.status:
        case RefundStatus.FUNDED | RefundStatus.UNKNOWN:
            return Standing.UNDER_WAY
        case RefundStatus.REFUSED:
            return Standing.REFUSED
        case RefundStatus.SUCCEEDED:
            return Standing.PAID


def _standing_of_payout(status: PayoutStatus) -> Standing:
    match status:
        case PayoutStatus.REQUESTED | PayoutStatus.DECLINED:
            return Standing.NOT_ASKED
        case PayoutStatus.STARTED | PayoutStatus.UNKNOWN:
            return Standing.UNDER_WAY
        case PayoutStatus.REFUSED:
            return Standing.REFUSED
        case PayoutStatus.PAID:
            return Standing.PAID
