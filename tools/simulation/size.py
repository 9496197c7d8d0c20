"""How much is simulated: bounded, and the same again for the same seed."""

import random
from dataclasses import dataclass

SHOPS_MAX = 50
ORDERS_MAX = 1_000
DAYS_MAX = 365
ORDERS_IN_ALL_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """So many shops with so many orders each, over so many days, drawn from a seed."""

    shops: int
    orders: int
    days: int
    seed: int

    def rng(self, *names: str | int) -> random.Random:
        """Return the rng of one thing, which no other's drawing changes."""
        return random.Random("/".join(map(str, (self.seed, *names))))  # noqa: S311 - a game
