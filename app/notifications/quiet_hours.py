"""Quiet hours of a recipient, by their local time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


class UnknownTimeZone(ValueError):
    """No time zone has this name."""


class QuietHoursEmpty(ValueError):
    """Quiet hours begin and end at the same time, which could mean a whole day or no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From ``begin`` to ``end`` each day, over midnight if ``end`` is the earlier of the two.

    Raises QuietHoursEmpty if they are equal.
    """

    begin: time
    end: time
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.begin == self.end:
            raise QuietHoursEmpty("quiet hours begin and end at the same time")


def time_zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name; UnknownTimeZone if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError) as error:
        raise UnknownTimeZone(f"there is no time zone {name!r}") from error


def quiet_until(hours: QuietHours, now: datetime) -> datetime | None:
    """Return the end in UTC of the quiet hours that contain an instant; None outside quiet hours.

    If the clock is set back and a local time occurs twice, they begin at the first and end at the
    second; a skipped local time is the instant of the change. So no local time within them is ever
    outside.
    """
    quiet, at = False, now.astimezone(UTC)
    # One period can adjoin the next where a zone skips a whole day.
    while (end := _end_of_period(hours, at)) is not None:
        quiet, at = True, end
    return at if quiet else None


def _end_of_period(hours: QuietHours, now: datetime) -> datetime | None:
    today = now.astimezone(hours.zone).date()
    # The day before for periods over midnight; the day after for a clock set back over midnight.
    for day in (today - _DAY, today, today + _DAY):
        last_day = day if hours.begin < hours.end else day + _DAY
        begin = _instant(day, hours.begin, hours.zone, second=False)
        end = _instant(last_day, hours.end, hours.zone, second=True)
        if begin <= now < end:
            return end
    return None


def _instant(day: date, wall: time, zone: ZoneInfo, *, second: bool) -> datetime:
    """Return the instant of a local time on a day; ``second``: the later one if there are two."""
    shown = datetime.combine(day, wall, tzinfo=zone)
    first, other = (shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if other >= first:
        return other if second else first
    return _change_between(other, first, zone)


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant between two others at which the zone's offset changes."""
    offset_before = before.astimezone(zone).utcoffset()
    while after - before > _INSTANT:
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset_before:
            before = middle
        else:
            after = middle
    return after
