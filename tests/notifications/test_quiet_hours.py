"""Quiet hours by the clock on the wall, on ordinary days and on those it is put on or back."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.notifications.quiet_hours import (
    QuietHours,
    QuietHoursEmpty,
    UnknownTimeZone,
    quiet_until,
    time_zone,
)
from tests.domain.search_depth import bounded

NEW_YORK, SHANGHAI = ZoneInfo("America/New_York"), ZoneInfo("Asia/Shanghai")
INSTANT, MINUTE, DAY = timedelta(microseconds=1), timedelta(minutes=1), timedelta(days=1)

# Changes of an hour, of half an hour, none, at midnight, and of a whole day that never was.
ZONES = ("America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "Africa/Cairo", "Pacific/Apia")
CHANGES = (
    datetime(2021, 3, 14, 7, tzinfo=UTC),
    datetime(2021, 11, 7, 6, tzinfo=UTC),
    datetime(2021, 4, 3, 15, tzinfo=UTC),
    datetime(2021, 10, 2, 15, 30, tzinfo=UTC),
    datetime(2014, 9, 25, 21, tzinfo=UTC),
    datetime(2011, 12, 30, 10, tzinfo=UTC),
)

times = st.sampled_from([time(hour, minute) for hour in range(24) for minute in (0, 10, 30)])
hours = st.builds(
    lambda ends, zone: QuietHours(begin=ends[0], end=ends[1], zone=ZoneInfo(zone)),
    st.tuples(times, times).filter(lambda ends: ends[0] != ends[1]),
    st.sampled_from(ZONES),
)
instants = st.one_of(
    st.builds(
        lambda change, minutes: change + timedelta(minutes=minutes),
        st.sampled_from(CHANGES),
        st.integers(-180, 180) | st.integers(-2_000, 2_000),
    ),
    st.integers(0, 300_000).map(lambda hours: CHANGES[-1] + timedelta(hours=hours)),
)


def new_york(begin: str, end: str) -> QuietHours:
    """Return quiet hours in New York."""
    return QuietHours(begin=time.fromisoformat(begin), end=time.fromisoformat(end), zone=NEW_YORK)


def at(text: str) -> datetime:
    """Read an instant."""
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("begin", "end", "now", "until"),
    [
        # An ordinary night and an ordinary noon.
        ("22:00", "07:00", "2021-06-01T21:59:59-04:00", None),
        ("22:00", "07:00", "2021-06-01T22:00:00-04:00", "2021-06-02T07:00:00-04:00"),
        ("22:00", "07:00", "2021-06-02T06:59:59-04:00", "2021-06-02T07:00:00-04:00"),
        ("22:00", "07:00", "2021-06-02T07:00:00-04:00", None),
        ("12:00", "13:30", "2021-06-01T12:15:00-04:00", "2021-06-01T13:30:00-04:00"),
        ("12:00", "13:30", "2021-06-01T13:30:00-04:00", None),
        # The night of spring is an hour shorter, that of autumn an hour longer.
        ("22:00", "07:00", "2021-03-14T01:59:59-05:00", "2021-03-14T07:00:00-04:00"),
        ("22:00", "07:00", "2021-11-07T01:30:00-04:00", "2021-11-07T07:00:00-05:00"),
        # 02:30 is skipped: it is when the clock is put on, 03:00 in summer time.
        ("22:00", "02:30", "2021-03-14T01:00:00-05:00", "2021-03-14T03:00:00-04:00"),
        ("22:00", "02:30", "2021-03-14T03:00:00-04:00", None),
        ("02:30", "06:00", "2021-03-14T01:59:59-05:00", None),
        ("02:30", "06:00", "2021-03-14T03:00:00-04:00", "2021-03-14T06:00:00-04:00"),
        ("02:10", "02:50", "2021-03-14T03:00:00-04:00", None),
        # 01:30 is shown twice: quiet hours end with the second and begin with the first.
        ("22:00", "01:30", "2021-11-07T01:30:00-04:00", "2021-11-07T01:30:00-05:00"),
        ("22:00", "01:30", "2021-11-07T01:29:59-05:00", "2021-11-07T01:30:00-05:00"),
        ("22:00", "01:30", "2021-11-07T01:30:00-05:00", None),
        ("01:30", "06:00", "2021-11-07T01:30:00-04:00", "2021-11-07T06:00:00-05:00"),
        ("01:30", "06:00", "2021-11-07T01:00:00-05:00", "2021-11-07T06:00:00-05:00"),
    ],
)
def test_they_begin_and_end_as_the_wall_says(
    begin: str, end: str, now: str, until: str | None
) -> None:
    expected = None if until is None else at(until)
    assert quiet_until(new_york(begin, end), at(now)) == expected


def test_a_day_that_never_was_leaves_no_gap_in_the_night() -> None:
    # Samoa went from the end of 29 December 2011 straight to 31 December.
    apia = QuietHours(begin=time(20), end=time(8), zone=ZoneInfo("Pacific/Apia"))
    assert quiet_until(apia, at("2011-12-29T21:00:00-10:00")) == at("2011-12-31T08:00:00+14:00")


@given(hours, instants)
@example(new_york("01:30", "01:10"), datetime(2021, 11, 7, 5, 20, tzinfo=UTC))
@bounded(examples=500)
def test_whenever_the_wall_shows_a_quiet_time_it_is_quiet_until_it_no_longer_does(
    hours: QuietHours, now: datetime
) -> None:
    until = quiet_until(hours, now)
    if shows_quiet_time(hours, now):
        assert until is not None
    if until is None:
        return
    assert until > now
    assert until.tzinfo is UTC
    assert not shows_quiet_time(hours, until)
    assert quiet_until(hours, until) is None
    assert quiet_until(hours, until - INSTANT) == until


@given(hours, instants)
@bounded(examples=300)
def test_far_from_any_change_it_is_quiet_exactly_when_the_wall_says_so(
    hours: QuietHours, now: datetime
) -> None:
    days = [now + timedelta(days=number) for number in range(-3, 4)]
    offsets = {day.astimezone(hours.zone).utcoffset() for day in days}
    until = quiet_until(hours, now)
    if len(offsets) > 1:
        assert until is None or until - now <= 3 * DAY
        return
    assert (until is not None) == shows_quiet_time(hours, now)
    if until is not None:
        assert until.astimezone(hours.zone).time() == hours.end
        assert until - now <= DAY


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("zone", ZONES)
def test_around_a_change_the_end_is_the_same_throughout_a_period(
    zone: str, change: datetime
) -> None:
    for begin, end in (("22:00", "07:00"), ("23:30", "02:15"), ("01:45", "02:30")):
        hours = QuietHours(
            begin=time.fromisoformat(begin), end=time.fromisoformat(end), zone=ZoneInfo(zone)
        )
        seen = [(now, quiet_until(hours, now)) for now in every_five_minutes(change)]
        for (_, before), (now, until) in pairwise(seen):
            if before is not None and now < before:
                assert until == before
            elif before is not None:
                assert now == before
                assert until is None


def test_hours_that_never_begin_and_zones_that_are_none_are_refused() -> None:
    with pytest.raises(QuietHoursEmpty):
        QuietHours(begin=time(7), end=time(7), zone=SHANGHAI)
    for name in ("", "Asia", "Asia/Nowhere", "../etc/passwd", "/etc/localtime", "a\0b", "x" * 300):
        with pytest.raises(UnknownTimeZone):
            time_zone(name)
    assert time_zone("Asia/Shanghai").key == "Asia/Shanghai"


def shows_quiet_time(hours: QuietHours, now: datetime) -> bool:
    """Whether the wall shows a time between the two."""
    wall = now.astimezone(hours.zone).time()
    if hours.begin < hours.end:
        return hours.begin <= wall < hours.end
    return wall >= hours.begin or wall < hours.end


def every_five_minutes(around: datetime) -> list[datetime]:
    """Return the instants of the two days around another."""
    return [around + MINUTE * minute for minute in range(-1_440, 1_440, 5)]
