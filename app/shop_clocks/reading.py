"""What a shop takes for the present."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import asyncpg

from app.clock import Clock
from app.event_store.connections import Queryable
from app.event_store.partitions import partition_of

COLUMNS = "c.shop_id, c.now, c.target, c.fell_due, c.version, c.created_at"

FETCH_CLOCK = f"""
SELECT {COLUMNS} FROM after_sales.test_clocks AS c
WHERE c.partition_id = $1 AND c.shop_id = $2
"""


class ClockStatus(StrEnum):
    """Whether everything due by the clock has happened."""

    READY = "ready"
    ADVANCING = "advancing"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestClock:
    """The clock of a shop in test mode. ``target``: where it is going while it advances.

    ``fell_due`` counts, over the latest advance, how often an order had something fall due.
    ``version`` rises with every change.
    """

    __test__ = False  # the name is the trade's; it is no test to be collected

    shop_id: str
    now: datetime
    target: datetime | None
    fell_due: int
    version: int
    created_at: datetime

    @property
    def status(self) -> ClockStatus:
        """Ready, or advancing to the target."""
        return ClockStatus.READY if self.target is None else ClockStatus.ADVANCING


async def fetch_test_clock(database: Queryable, shop_id: str) -> TestClock | None:
    """Return a shop's test clock; None if it has none. One round trip."""
    row = await database.fetchrow(FETCH_CLOCK, partition_of(shop_id), shop_id)
    return None if row is None else clock_of_row(row)


def clock_of_row(row: asyncpg.Record) -> TestClock:
    """Return the clock in a row that has the `COLUMNS`, and perhaps others."""
    return TestClock(
        shop_id=row["shop_id"],
        now=row["now"],
        target=row["target"],
        fell_due=row["fell_due"],
        version=row["version"],
        created_at=row["created_at"],
    )


class ShopClocks:
    """Tells any shop's present: its test clock's, or the system's for a shop in production."""

    def __init__(self, database: Queryable, system: Clock) -> None:
        self._database = database
        self.system = system

    async def now(self, shop_id: str) -> datetime:
        """Return the present of a shop. One round trip."""
        return await self.test_now(shop_id) or self.system.now()

    async def test_now(self, shop_id: str) -> datetime | None:
        """Return the present by the shop's test clock; None if it has none. One round trip."""
        clock = await fetch_test_clock(self._database, shop_id)
        return None if clock is None else clock.now
