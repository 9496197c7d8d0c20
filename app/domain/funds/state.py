"""A shop's money as its rules see it: the fold of its funds stream."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from app.domain.funds.accounts import OWN_ACCOUNTS, Account, Journal
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
