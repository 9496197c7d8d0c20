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


class RefundRefusal(StrEnum):
    """Why the provider will never pay a refund to the buyer's account."""

    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_RESTRICTED = "account_restricted"
    OTHER = "other"


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
