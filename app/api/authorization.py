"""Who may ask is found out before anything else of a request is looked at, its body above all.

FastAPI reads a body first and only then asks what a route depends on. So strangers could send
bodies without being counted, and would hear what is wrong with them.
"""

from collections.abc import Awaitable, Callable
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
    """What a route depends on if not everybody may ask; the answer is found once a request."""

    def __init__(self, admit: Callable[[Request], Awaitable[Any]]) -> None:
        self.admit = admit

    async def __call__(
        self,
        request: Request,
        _credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Any:
        """Give the route what it asked for by depending on this."""
        return await self.admitted(request)

    async def admitted(self, request: Request) -> Any:
        """Return what was found out about who asks; a ProblemError if they may not."""
        if _ADMITTED not in request.scope:
            request.scope[_ADMITTED] = await self.admit(request)
        return request.scope[_ADMITTED]


def admission_of(dependant: Dependant) -> Authorization | None:
    """Return the admission a route depends on; None if everybody may ask."""
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Authorization):
            return dependency.call
    return None
