"""What can be asked of a shop's money. Names in the imperative."""

from dataclasses import dataclass

from app.domain.funds.accounts import Account
from app.domain.order.facts import PaymentChannel
from app.domain.refunds import Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleOrder:
    """Move what an order still holds in escrow to the shop and to those who earned on it."""

    order_id: str
    channel: PaymentChannel
    shares: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class FundRefund:
    """Find the money for a refund. The same key again changes nothing.

    ``shares``: how a settled order's part of the money is shared now; None before settlement.
    Past the period (``overdue``) the shop bears all of it.
    """

    refund_key: str
    order_id: str
    ticket_id: str
    channel: PaymentChannel
    amount: int
    overdue: bool
    shares: Shares | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundPayout:
    """Pay a refund in advance that the provider refused; the deposit is charged, come what may.

    ``payout_key`` is none of any refund; the same again changes nothing. ``shares``: who bears how
    much of it.
    """

    payout_key: str
    order_id: str
    ticket_id: str
    shares: Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteRefund:
    """Take note that the provider paid a refund, or a payout in its stead."""

    refund_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseFunding:
    """Take note that the provider will never pay a refund or payout: the money goes back."""

    refund_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUp:
    """Take note that the shop paid money in. ``reference``: the payment's own name."""

    reference: str
    account: Account
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawCash:
    """Take note that the shop takes money out of a cash account."""

    reference: str
    account: Account
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequireDeposit:
    """Set the level the deposit must have, in minor units."""

    level: int


FundsCommand = (
    SettleOrder
    | FundRefund
    | FundPayout
    | CompleteRefund
    | ReverseFunding
    | TopUp
    | WithdrawCash
    | RequireDeposit
)
"""Everything that can be asked of a shop's money."""
