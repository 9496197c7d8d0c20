"""Months begin and end at midnight in Shanghai, and only real ones are taken."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from app.domain.calendar_month import CalendarMonth, calendar_month


@pytest.mark.parametrize(
    ("written", "begins_at", "ends_at"),
    [
        ("2021-03", datetime(2021, 2, 28, 16, tzinfo=UTC), datetime(2021, 3, 31, 16, tzinfo=UTC)),
        ("2024-02", datetime(2024, 1, 31, 16, tzinfo=UTC), datetime(2024, 2, 29, 16, tzinfo=UTC)),
        ("2021-12", datetime(2021, 11, 30, 16, tzinfo=UTC), datetime(2021, 12, 31, 16, tzinfo=UTC)),
        ("2000-01", datetime(1999, 12, 31, 16, tzinfo=UTC), datetime(2000, 1, 31, 16, tzinfo=UTC)),
        ("2999-12", datetime(2999, 11, 30, 16, tzinfo=UTC), datetime(2999, 12, 31, 16, tzinfo=UTC)),
    ],
)
def test_a_month_begins_and_ends_at_midnight_in_shanghai(
    written: str, begins_at: datetime, ends_at: datetime
) -> None:
    month = calendar_month(written)
    assert month is not None
    assert (month.begins_at, month.ends_at, str(month)) == (begins_at, ends_at, written)


def test_every_month_ends_when_the_next_begins() -> None:
    months = [CalendarMonth(year=year, month=n) for year in (2023, 2024) for n in range(1, 13)]
    for one, following in pairwise(months):
        assert one.ends_at == following.begins_at


@pytest.mark.parametrize(
    "written",
    [
        "2021-00",
        "2021-13",
        "1999-12",
        "3000-01",
        "0000-01",
        "2021-1",
        "21-03",
        "2021-03 ",
        "٢٠٢١-٠٣",
    ],
)
def test_what_is_no_month_is_not_taken(written: str) -> None:
    assert calendar_month(written) is None
