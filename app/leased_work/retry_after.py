"""`Retry-After` of an answer, in both its forms: a number of seconds, or a date.

Partners send anything here. What cannot be read says nothing, and what asks for too long is cut, so
that the outcome of a call is recorded for any content of its headers.
"""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

RETRY_AFTER_MAX = timedelta(hours=24)
"""An answer that asks for more gets this."""

_CHARACTERS_MAX = 64


def read_retry_after(
    text: str | None, now: datetime, longest: timedelta = RETRY_AFTER_MAX
) -> timedelta | None:
    """Return how long an answer asks to wait, from zero to ``longest``; None if it does not say."""
    said = (text or "").strip()
    if not said or len(said) > _CHARACTERS_MAX:
        return None
    if said.isascii() and said.isdecimal():
        return timedelta(seconds=min(int(said), longest.total_seconds()))
    try:
        date = parsedate_to_datetime(said)
        at = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
        return min(max(at - now, timedelta(0)), longest)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None  # what the parser raises for a date that is none, or lies beyond any calendar
