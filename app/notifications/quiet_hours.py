"""Hours in which somebody is not to be disturbed, by the clock on their wall."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


class UnknownTimeZone(ValueError):
    """There is no zone of this name."""


class QuietHoursEmpty(ValueError):
    """Quiet hours begin when they end: nothing tells a whole day from no time at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From ``begin`` to ``end`` each day, over midnight if ``end`` is the earlier of the two.

    Raises QuietHoursEmpty if they are the same.
    """

    begin: time
    end: time
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.begin == self.end:
            raise QuietHoursEmpty("quiet hours begin and end at the same time")


def time_zone(name: str) -> ZoneInfo:
    """Return a zone by its IANA name; UnknownTimeZone if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError) as error:
        raise UnknownTimeZone(f"there is no time zone {name!r}") from error


def quiet_until(hours: QuietHours, now: datetime) -> datetime | None:
    """Return when the quiet hours end that an instant lies in, in UTC; None if it lies in none.

    Where the clock is put back and shows a time twice, they begin with the first and end with the
    second; a time it skips is the instant of the change. So they are never shorter than the wall
    says, and nothing is ever sent at a time that lies within them.
    """
    quiet, at = False, now.astimezone(UTC)
    # One period can pass into the next where a zone skips a whole day.
    while (end := _end_of_period(hours, at)) is not None:
        quiet, at = True, end
    return at if quiet else None


def _end_of_period(hours: QuietHours, now: datetime) -> datetime | None:
    today = now.astimezone(hours.zone).date()
    # The day before for periods over midnight; the day after for a clock put back over midnight.
    for day in (today - _DAY, today, today + _DAY):
        last_day = day if hours.begin < hours.end else day + _DAY
        begin = _instant(day, hours.begin, hours.zone, second=False)
        end = _instant(last_day, hours.end, hours.zone, second=True)
        if begin <= now < end:
            return end
    return None


def _instant(day: date, wall: time, zone: ZoneInfo, *, second: bool) -> datetime:
    """Return when the wall shows a time on a day; of two such instants, which one is said."""
    shown = datetime.combine(day, wall, tzinfo=zone)
    first, other = (shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if other >= first:
        return other if second else first
    return _change_between(other, first, zone)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant the zone's offset changes, which lies after one and not after another."""
    offset_before = before.astimezone(zone).utcoffset()
    while after - before > _INSTANT:
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset_before:
            before = middle
        else:
            after = middle
    return after
