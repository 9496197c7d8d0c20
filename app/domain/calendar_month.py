"""A calendar month as merchants count it: in Asia/Shanghai."""

import re
from dataclasses import dataclass
from datetime import datetime

from app.domain.policy import SHANGHAI

YEARS = range(2000, 3000)
"""Years a month may lie in."""

_WRITTEN = re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarMonth:
    """A month of a year, from the first instant of its first day in Asia/Shanghai."""

    year: int
    month: int

    @property
    def begins_at(self) -> datetime:
        """The first instant in it."""
        return datetime(self.year, self.month, 1, tzinfo=SHANGHAI)

    @property
    def ends_at(self) -> datetime:
        """The first instant after it."""
        year, month = divmod(self.year * 12 + self.month, 12)
        return datetime(year, month + 1, 1, tzinfo=SHANGHAI)

    def __str__(self) -> str:
        """Return it as it is written: ``2021-03``."""
        return f"{self.year:04}-{self.month:02}"


def calendar_month(written: str) -> CalendarMonth | None:
    """Read a month; None if there is none such, or not in the `YEARS`."""
    found = _WRITTEN.fullmatch(written)
    if found is None:
        return None
    year, month = int(found[1]), int(found[2])
    if year not in YEARS or not 1 <= month <= 12:
        return None
    return CalendarMonth(year=year, month=month)
