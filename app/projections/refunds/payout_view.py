"""An advance payout as people see it: masks only, and what an event makes of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from app.domain.order.payouts import (
    AdvancePayoutDeclined,
    AdvancePayoutOutcomeUnknown,
    AdvancePayoutPaid,
    AdvancePayoutRefused,
    AdvancePayoutRequested,
    AdvancePayoutStarted,
    PayoutChange,
)
from app.domain.payees import PayeeKind
from app.domain.refunds import PayoutStatus, RefundRefusal, Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutView:
    """An advance payout to another account of the buyer, under one key for life.

    ``shares``: who bears how much, in minor units, once it is started.
    """

    payout_key: str
    status: PayoutStatus
    payee_kind: PayeeKind
    account_masked: str
    holder_masked: str
    note: str | None
    requested_at: datetime
    requested_by: str
    needs_approval: bool
    approved_by: str | None = None
    started_at: datetime | None = None
    shares: Shares | None = None
    declined_at: datetime | None = None
    declined_by: str | None = None
    decline_note: str | None = None
    unknown_since: datetime | None = None
    refused_at: datetime | None = None
    refusal: RefundRefusal | None = None
    provider_text: str | None = None
    paid_at: datetime | None = None
    provider_reference: str | None = None

    @property
    def payout_id(self) -> str:
        """The last part of the key, unique without the rest."""
        return self.payout_key.rpartition("/")[2]


def fold_payouts(payouts: tuple[PayoutView, ...], event: PayoutChange) -> tuple[PayoutView, ...]:
    """Return a ticket's payouts after one more event."""
    if isinstance(event, AdvancePayoutRequested):
        return (*payouts, _requested(event))
    return tuple(
        _changed(one, event) if one.payout_key == event.payout_key else one for one in payouts
    )


def _requested(event: AdvancePayoutRequested) -> PayoutView:
    return PayoutView(
        payout_key=event.payout_key,
        status=PayoutStatus.REQUESTED,
        payee_kind=event.payee.kind,
        account_masked=event.payee.account_masked,
        holder_masked=event.payee.holder_masked,
        note=event.note,
        requested_at=event.at,
        requested_by=event.requested_by,
        needs_approval=event.needs_approval,
    )


def _changed(
    payout: PayoutView,
    event: AdvancePayoutStarted
    | AdvancePayoutDeclined
    | AdvancePayoutOutcomeUnknown
    | AdvancePayoutRefused
    | AdvancePayoutPaid,
) -> PayoutView:
    match event:
        case AdvancePayoutStarted():
            return replace(
                payout,
                status=PayoutStatus.STARTED,
                approved_by=event.approved_by,
                started_at=event.at,
                shares=event.shares,
            )
        case AdvancePayoutDeclined():
            return replace(
                payout,
                status=PayoutStatus.DECLINED,
                declined_at=event.at,
                declined_by=event.declined_by,
                decline_note=event.note,
            )
        case AdvancePayoutOutcomeUnknown():
            since = payout.unknown_since or event.at
            return replace(payout, status=PayoutStatus.UNKNOWN, unknown_since=since)
        case AdvancePayoutRefused():
            return replace(
                payout,
                status=PayoutStatus.REFUSED,
                refused_at=event.at,
                refusal=event.refusal,
                provider_text=event.provider_text,
            )
        case AdvancePayoutPaid():
            return replace(
                payout,
                status=PayoutStatus.PAID,
                paid_at=event.at,
                provider_reference=event.provider_reference,
            )
        case _:
            assert_never(event)
