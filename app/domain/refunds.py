"""What orders and the funds of a shop both say of a refund."""

from dataclasses import dataclass
from enum import StrEnum


class FundingSource(StrEnum):
    """What pays for a refund (domain: money)."""

    ESCROW = "escrow"
    CASH = "cash"
    DEPOSIT = "deposit"
    PLATFORM_ADVANCE = "platform_advance"


class RefundStatus(StrEnum):
    """How far the money of a ticket has come."""

    FUNDED = "funded"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    SUCCEEDED = "succeeded"


class PayoutStatus(StrEnum):
    """How far an advance payout to another account of the buyer has come."""

    REQUESTED = "requested"
    """It waits for a second person's approval; no money has moved."""
    DECLINED = "declined"
    STARTED = "started"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    PAID = "paid"


class RefundRefusal(StrEnum):
    """Why the provider will never pay a refund under its key."""

    BUYER_ACCOUNT_CLOSED = "buyer_account_closed"
    BUYER_ACCOUNT_FROZEN = "buyer_account_frozen"
    MERCHANT_BALANCE_INSUFFICIENT = "merchant_balance_insufficient"
    PAYMENT_NOT_FOUND = "payment_not_found"
    PAYMENT_TOO_OLD = "payment_too_old"
    AMOUNT_ABOVE_PAYMENT = "amount_above_payment"
    PAYEE_NOT_ACCEPTED = "payee_not_accepted"
    OTHER = "other"


KEY_OF_ANOTHER = "key_reused"
"""Why an outcome is unknown that asking again will not tell: the provider has another order under
the key, which it may have paid. A person must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How an amount of an order is shared, in minor units: the shop, and those who earned on it."""

    shop: int
    talent: int
    agency: int
    service_fee: int

    @property
    def total(self) -> int:
        """The whole amount."""
        return self.shop + self.talent + self.agency + self.service_fee


def refund_key_of(shop_id: str, ticket_id: str) -> str:
    """Return the one key of a ticket's refund, for life. No id holds a slash: no two are alike."""
    return f"{shop_id}/{ticket_id}"
