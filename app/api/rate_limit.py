"""Requests per caller and window, counted in this process; the remainder is told in every answer.

A fixed window a caller: cheap, bounded in memory, and easy to explain in two headers.
"""

from collections import OrderedDict
from dataclasses import dataclass

CALLERS_MAX = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a caller has left. Seconds until the window ends."""

    granted: bool
    limit: int
    window_seconds: int
    remaining: int
    reset_seconds: int

    def headers(self) -> dict[str, str]:
        """Return the RateLimit headers (IETF draft-ietf-httpapi-ratelimit-headers)."""
        return {
            "RateLimit-Policy": f'"default";q={self.limit};w={self.window_seconds}',
            "RateLimit": f'"default";r={self.remaining};t={self.reset_seconds}',
        }


class RateLimiter:
    """Counts requests. The callers seen longest ago are forgotten beyond a bound."""

    def __init__(self, *, limit: int, window_seconds: int) -> None:
        self._limit = limit
        self._window_seconds = window_seconds
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, caller: str, now_seconds: float) -> Allowance:
        """Count one request of a caller at a monotonic time in seconds."""
        started, used = self._windows.pop(caller, (now_seconds, 0))
        if now_seconds - started >= self._window_seconds:
            started, used = now_seconds, 0
        granted = used < self._limit
        used = min(used + 1, self._limit)
        self._windows[caller] = (started, used)
        if len(self._windows) > CALLERS_MAX:
            self._windows.popitem(last=False)
        return Allowance(
            granted=granted,
            limit=self._limit,
            window_seconds=self._window_seconds,
            remaining=self._limit - used,
            reset_seconds=max(1, round(self._window_seconds - (now_seconds - started))),
        )
