"""When a message that was not delivered is sent again, and for how long.

Each wait counts from the end of the attempt before. All ten attempts take about three days.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from app.leased_work.backoff import jittered
from app.leased_work.retry_after import RETRY_AFTER_MAX

WAITS: tuple[timedelta, ...] = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Before the first attempt, before the second, and so on."""

ATTEMPTS_MAX = len(WAITS)
JITTER = 0.2
"""A wait is up to a fifth shorter or longer, so that what failed together is not sent together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendAgain:
    """There is another attempt, due at an instant."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """All attempts were made; a person may still have it sent again."""


NextAttempt: TypeAlias = SendAgain | GiveUp


def next_attempt(
    attempts_made: int, ended_at: datetime, random: float, retry_after: timedelta | None = None
) -> NextAttempt:
    """Say when to send a message again after a failed attempt.

    ``attempts_made``: the failed one included, at least one. ``random``: a number from 0 up to and
    not including 1. ``retry_after``: what the answer asked for; it makes a wait longer, up to 24
    hours, never shorter.
    """
    if attempts_made < 1 or not 0 <= random < 1:
        raise ValueError("a failed attempt was made, and a random number lies between 0 and 1")
    if attempts_made >= ATTEMPTS_MAX:
        return GiveUp()
    wait = timedelta(seconds=jittered(WAITS[attempts_made].total_seconds(), JITTER, random))
    asked = min(retry_after or timedelta(0), RETRY_AFTER_MAX)
    return SendAgain(at=ended_at + max(wait, asked))
