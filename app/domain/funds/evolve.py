"""What an event makes of a shop's money. Total: it never refuses."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import assert_never

from app.domain.funds.accounts import Account, Journal, change_of
from app.domain.funds.events import (
    AccountToppedUp,
    ArrearsCollected,
    CashWithdrawn,
    DepositFellBelowRequired,
    DepositRequired,
    DepositRestored,
    FundingReversed,
    FundsEvent,
    MerchantFundsInsufficient,
    Movement,
    PayoutFundsReserved,
    RefundFundsReserved,
    RefundPaidOut,
    RestrictionLifted,
    SettlementReceived,
    ShopRestricted,
)
from app.domain.funds.state import Funding, Funds
from app.domain.refunds import FundingSource


def fold(funds: Funds, events: Iterable[FundsEvent]) -> Funds:
    """Apply events in their order."""
    for event in events:
        funds = evolve(funds, event)
    return funds


def evolve(funds: Funds, event: FundsEvent) -> Funds:
    """Return the money after one event."""
    after = _moved(funds, event) if isinstance(event, Movement) else funds
    return replace(_changed(after, event), version=funds.version + 1)


def _moved(funds: Funds, event: Movement) -> Funds:
    return replace(funds, available=_after(funds.available, event.journal))


def _changed(funds: Funds, event: FundsEvent) -> Funds:
    match event:
        case RefundFundsReserved():
            in_transit = {**funds.in_transit, event.refund_key: _funding(event)}
            return replace(funds, in_transit=MappingProxyType(in_transit))
        case PayoutFundsReserved():
            in_transit = {**funds.in_transit, event.payout_key: _payout_funding(event)}
            return replace(funds, in_transit=MappingProxyType(in_transit))
        case RefundPaidOut(refund_key=key) | FundingReversed(refund_key=key):
            left = {k: funding for k, funding in funds.in_transit.items() if k != key}
            return replace(funds, in_transit=MappingProxyType(left))
        case DepositRequired(level=level):
            return replace(funds, deposit_required=level)
        case DepositFellBelowRequired():
            return replace(funds, below_required=True)
        case DepositRestored():
            return replace(funds, below_required=False)
        case ShopRestricted():
            return replace(funds, restricted=True)
        case RestrictionLifted():
            return replace(funds, restricted=False)
        case (
            SettlementReceived()
            | AccountToppedUp()
            | ArrearsCollected()
            | CashWithdrawn()
            | MerchantFundsInsufficient()
        ):
            return funds
        case _:
            assert_never(event)


def _funding(event: RefundFundsReserved) -> Funding:
    return Funding(
        order_id=event.order_id,
        ticket_id=event.ticket_id,
        source=event.source,
        account=event.account,
        amount=event.amount,
        journal=event.journal,
    )


def _payout_funding(event: PayoutFundsReserved) -> Funding:
    return Funding(
        order_id=event.order_id,
        ticket_id=event.ticket_id,
        source=FundingSource.PLATFORM_ADVANCE,
        account=Account.DEPOSIT,
        amount=event.amount,
        journal=event.journal,
    )


def _after(available: Mapping[Account, int], lines: Journal) -> Mapping[Account, int]:
    changed = {account: held + change_of(account, lines) for account, held in available.items()}
    return MappingProxyType(changed)
