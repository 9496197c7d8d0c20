"""Money: an integer count of minor units with a currency."""

from dataclasses import dataclass

AMOUNT_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount in minor units (分 for CNY), 0 to 2^63-1, and its ISO 4217 currency code."""

    amount: int
    currency: str


def share_of(amount: int, basis_points: int) -> int:
    """Return ``basis_points`` ten-thousandths of an amount in minor units, rounded half up."""
    return (amount * basis_points + 5_000) // 10_000
