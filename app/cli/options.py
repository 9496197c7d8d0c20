"""Options that several commands share: the address of a service, and durations."""

import re
from datetime import timedelta
from typing import Annotated

import typer

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile(r"(\d{1,9}[dhms])+", re.ASCII)


def duration(text: str) -> timedelta:
    """Read a duration written like `3000d`, `90m` or `1d12h`; typer.BadParameter if it is none."""
    if not _DURATION.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is no duration; write it like 3000d, 90m or 1d12h")
    parts = re.findall(r"(\d+)([dhms])", text)
    try:
        return sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in parts), timedelta())
    except OverflowError as error:
        raise typer.BadParameter(f"{text!r} is longer than the calendar") from error


def base_url(text: str) -> str:
    """Read where a service runs; typer.BadParameter if it is no address of one."""
    if not text.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{text!r} does not start with http:// or https://")
    return text.rstrip("/")


Url = Annotated[
    str,
    typer.Option(
        parser=base_url, envvar="AFTERSALES_URL", metavar="URL", help="Where the service runs."
    ),
]
LOCAL = "http://127.0.0.1:8000"
"""Where `aftersales serve` listens unless told otherwise."""
