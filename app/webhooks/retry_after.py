"""`Retry-After`, in both its forms."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

RETRY_AFTER_MAX = timedelta(hours=24)
"""Whoever asks for more gets this."""

_CHARACTERS_MAX = 64


def read_retry_after(text: str | None, now: datetime) -> timedelta | None:
    """Return how long an answer asks to wait, from zero to 24 h; None if it does not say."""
    said = (text or "").strip()
    if not said or len(said) > _CHARACTERS_MAX:
        return None
    if said.isascii() and said.isdecimal():
        return timedelta(seconds=min(int(said), int(RETRY_AFTER_MAX.total_seconds())))
    try:
        date = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    at = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return min(max(at - now, timedelta(0)), RETRY_AFTER_MAX)
