"""Authorizes requests before anything else of them is read, above all their bodies.

FastAPI reads a body first and resolves a route's dependencies afterwards. So callers without a
credential could send bodies without being counted, and would see what is wrong with them.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

_ADMITTED = "aftersales.admitted"

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="An API key of a merchant or the platform, or a consumer's signed token (JWT).",
)


class Authorization:
    """The dependency of a route that needs a credential; evaluated once a request."""

    def __init__(self, admit: Callable[[Request], Awaitable[Any]]) -> None:
        self.admit = admit

    async def __call__(
        self,
        request: Request,
        _credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Any:
        """Return the context of an authorized request."""
        return await self.admitted(request)

    async def admitted(self, request: Request) -> Any:
        """Return the context of an authorized request; ProblemError if it is refused."""
        if _ADMITTED not in request.scope:
            request.scope[_ADMITTED] = await self.admit(request)
        return request.scope[_ADMITTED]


def admission_of(dependant: Dependant) -> Authorization | None:
    """Return the authorization of a route; None if it needs no credential."""
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Authorization):
            return dependency.call
    return None


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
