"""The short way to a route is there, and where it is not taken the answers are the same."""

from fastapi.routing import APIRoute

from app.api.app import ROUTERS
from app.api.direct_call import direct_call

LISTS = {
    "list_orders",
    "list_tickets",
    "list_notifications",
    "list_ledger",
    "list_events",
    "list_platform_events",
    "export_ledger",
    "export_tickets",
}
"""Their filters may be repeated, so that they go FastAPI's own way."""


def test_every_route_but_the_lists_has_a_short_way() -> None:
    without = {
        route.name
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and direct_call(route.dependant) is None
    }
    assert without == LISTS
