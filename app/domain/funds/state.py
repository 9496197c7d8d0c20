"""A shop's money as its rules see it, and what each event makes of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import assert_never

from app.domain.funds.accounts import OWN_ACCOUNTS, Account, Journal, change_of
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
from app.domain.refunds import FundingSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """A refund or payout whose money is in transit, and how it got there."""

    order_id: str
    ticket_id: str
    source: FundingSource
    account: Account
    amount: int
    journal: Journal


def _nothing() -> Mapping[Account, int]:
    return MappingProxyType(dict.fromkeys(OWN_ACCOUNTS, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Funds:
    """Balances the shop may spend, what is in transit, and what the platform asks of it.

    ``available``: minor units by account. ``in_transit``: refunds and payouts by their keys. No
    list of all there ever was: it is kept small, and whoever changes it raises the snapshots'
    version.
    """

    version: int = 0
    available: Mapping[Account, int] = field(default_factory=_nothing)
    in_transit: Mapping[str, Funding] = field(default_factory=lambda: MappingProxyType({}))
    deposit_required: int = 0
    below_required: bool = False
    restricted: bool = False

    @property
    def deposit(self) -> int:
        """Minor units in the deposit (保证金); below zero if the shop is in arrears."""
        return self.available[Account.DEPOSIT]

    @property
    def arrears(self) -> int:
        """Minor units the shop owes for what was paid in advance."""
        return max(0, -self.deposit)

    def reserved(self, account: Account) -> int:
        """Minor units of an account that are in transit to buyers."""
        return sum(
            -line.amount
            for funding in self.in_transit.values()
            for line in funding.journal
            if line.account is account and line.amount < 0
        )


NO_FUNDS = Funds()
"""The money of a shop nothing of whose money has moved yet."""


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
