"""Money: an integer count of minor units with a currency."""

from collections.abc import Sequence
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


def split(amount: int, limits: Sequence[int]) -> tuple[int, ...]:
    """Split an amount in proportion to limits, none of which is passed; ValueError above their sum.

    By largest remainder: what rounding down leaves over goes, a unit each, to the shares that lost
    most by it, the first of equals first. So the shares always add up to the amount.
    """
    total = sum(limits)
    if not 0 <= amount <= total:
        raise ValueError(f"{amount} is not within 0 and {total}")
    if total == 0:
        return tuple(0 for _ in limits)
    shares = [amount * limit // total for limit in limits]
    lost = [amount * limit % total for limit in limits]
    left = amount - sum(shares)
    for place in sorted(range(len(limits)), key=lambda place: -lost[place])[:left]:
        shares[place] += 1
    return tuple(shares)
