"""How long to wait before a failed call is made again: the exponential back-off, and `Retry-After`.

Partners send anything in `Retry-After`, a number of seconds or a date. What cannot be read is
ignored, and what asks for too long is cut, so that the outcome of a call is recorded for any
content of its headers.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_EXPONENT_MAX = 30  # beyond any seconds_max; keeps the arithmetic small


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Waits that grow by ``factor`` from ``seconds_min`` to ``seconds_max``.

    ``jitter``: by which share of itself a wait is shorter or longer, so that what failed together
    is not tried again together.
    """

    seconds_min: float
    seconds_max: float
    factor: float = 2.0
    jitter: float = 0.0

    def after(self, failures: int, random: float = 0.5) -> float:
        """Return the seconds to wait after so many failures in a row, from 1.

        ``random``: a number from 0 up to and not including 1; a half means no jitter.
        """
        grown = self.seconds_min * self.factor ** min(max(failures - 1, 0), _EXPONENT_MAX)
        return jittered(min(grown, self.seconds_max), self.jitter, random)


def jittered(seconds: float, share: float, random: float) -> float:
    """Return a wait up to ``share`` of itself shorter or longer, as ``random`` from 0 to 1 says."""
    return seconds * (1 - share + 2 * share * random)


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
