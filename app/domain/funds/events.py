"""What can have happened to a shop's money. Stored for ever, so only ever added to.

Every movement carries its journal: what the ledger shows is copied from events, never computed.
Amounts are minor units in the shop's one currency.
"""

from dataclasses import dataclass
from datetime import datetime

from app.domain.funds.accounts import Account, Journal
from app.domain.refunds import FundingSource


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementReceived:
    """An order was settled: escrow went to the shop's cash and to those who earned on it."""

    at: datetime
    order_id: str
    account: Account
    amount: int
    journal: Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountToppedUp:
    """The shop paid money in. ``reference`` names the payment; the same never counts twice."""

    at: datetime
    reference: str
    account: Account
    amount: int
    journal: Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrearsCollected:
    """A top-up paid back what the platform had advanced, before anything else (追缴)."""

    at: datetime
    reference: str
    amount: int
    arrears_left: int
    journal: Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class CashWithdrawn:
    """The shop took money out of a cash account."""

    at: datetime
    reference: str
    account: Account
    amount: int
    journal: Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFundsReserved:
    """A refund has its money, which is on its way to the buyer from here on.

    ``borne``: the shop's part of ``amount``; the rest flowed back from commissions and the fee.
    """

    at: datetime
    refund_key: str
    order_id: str
    ticket_id: str
    source: FundingSource
    account: Account
    amount: int
    borne: int
    journal: Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutFundsReserved:
    """The platform pays a refused refund in advance; the deposit is charged, below zero if need be.

    ``borne``: the shop's part of ``amount``; ``deposit_available``: what there was before, below
    zero in arrears. What becomes of it is told by `RefundPaidOut` or `FundingReversed` of its key.
    """

    at: datetime
    payout_key: str
    order_id: str
    ticket_id: str
    amount: int
    borne: int
    deposit_available: int
    journal: Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantFundsInsufficient:
    """Neither cash nor deposit covers a refund; the platform pays in advance (先行赔付)."""

    at: datetime
    refund_key: str
    order_id: str
    ticket_id: str
    amount: int
    cash_available: int
    deposit_available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPaidOut:
    """The provider paid a refund or payout: what was in transit has arrived."""

    at: datetime
    refund_key: str
    amount: int
    journal: Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingReversed:
    """The provider refused: every part went back to where it came from."""

    at: datetime
    refund_key: str
    amount: int
    journal: Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRequired:
    """The platform set the level a shop's deposit must have."""

    at: datetime
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositFellBelowRequired:
    """The deposit is lower than it must be."""

    at: datetime
    deposit: int
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRestored:
    """The deposit is as high as it must be again."""

    at: datetime
    deposit: int
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopRestricted:
    """In arrears beyond the limit: no entry can be opened until a top-up lifts this."""

    at: datetime
    arrears: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictionLifted:
    """The arrears are within the limit again."""

    at: datetime
    arrears: int


Movement = (
    SettlementReceived
    | AccountToppedUp
    | ArrearsCollected
    | CashWithdrawn
    | RefundFundsReserved
    | PayoutFundsReserved
    | RefundPaidOut
    | FundingReversed
)
"""What moves money; all of these carry a journal."""

FundsNotice = (
    MerchantFundsInsufficient
    | DepositRequired
    | DepositFellBelowRequired
    | DepositRestored
    | ShopRestricted
    | RestrictionLifted
)
FundsEvent = Movement | FundsNotice
"""Everything that can have happened to a shop's money."""
