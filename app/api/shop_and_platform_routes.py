"""Routes of what a shop has and the platform has too: each is declared once and served twice."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from fastapi import APIRouter, Depends, Response

from app.api.request_context import ShopId
from app.api.strict_request import StrictRoute

Handler: TypeAlias = Callable[..., Awaitable[Response]]


async def _of_shop(shop_id: ShopId) -> None:
    """Declare the shop in the path and check its form; whose it is the credential says."""


async def _of_platform() -> None:
    """Declare nothing."""


_OWNERS = (("/v1/shops/{shop_id}", "", _of_shop), ("/v1/platform", "platform_", _of_platform))


@dataclass(frozen=True, slots=True)
class OwnedRoutes:
    """A router whose routes lie below a shop's path and below the platform's."""

    router: APIRouter

    def route(
        self, method: str, path: str, *, verb: str, noun: str, **options: Any
    ) -> Callable[[Handler], Handler]:
        """Declare a route: `verb_noun` of shops, `verb_platform_noun` of the platform."""

        def declare(handler: Handler) -> Handler:
            for base, owner, dependency in _OWNERS:
                self.router.add_api_route(
                    base + path,
                    handler,
                    methods=[method],
                    name=f"{verb}_{owner}{noun}",
                    dependencies=[Depends(dependency)],
                    **options,
                )
            return handler

        return declare


def owned_routes(*tags: str) -> OwnedRoutes:
    """Return a router to declare such routes on."""
    return OwnedRoutes(APIRouter(route_class=StrictRoute, tags=list(tags)))
