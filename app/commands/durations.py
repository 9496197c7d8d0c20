"""Durations as they are typed: `3000d`, `90m`, `1d12h`."""

import re
from datetime import timedelta

import typer

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile(r"(\d{1,9}[dhms])+", re.ASCII)


def duration(text: str) -> timedelta:
    """Read a duration; typer.BadParameter if it is none."""
    if not _DURATION.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is no duration; write it like 3000d, 90m or 1d12h")
    parts = re.findall(r"(\d+)([dhms])", text)
    try:
        return sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in parts), timedelta())
    except OverflowError as error:
        raise typer.BadParameter(f"{text!r} is longer than the calendar") from error
