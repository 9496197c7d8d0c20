"""The short way to a route is there, and where it is not taken the answers are the same."""

from fastapi.routing import APIRoute

from app.api.app import ROUTERS
from app.api.fast_dispatch import direct_call

LISTS = {
    "list_orders",
    "list_tickets",
    "list_notifications",
    "list_ledger",
    "list_events",
    "list_platform_events",
    "list_refunds",
    "list_waiting_refunds",
    "list_webhook_deliveries",
    "list_platform_webhook_deliveries",
    "export_ledger",
    "export_tickets",
    "get_reconciliation",
}
"""Their filters may be repeated or are checked together, so that they go FastAPI's own way."""

SELDOM = {
    "get_statement",
    "create_webhook_endpoint",
    "list_webhook_endpoints",
    "get_webhook_endpoint",
    "change_webhook_endpoint",
    "enable_webhook_endpoint",
    "disable_webhook_endpoint",
    "delete_webhook_endpoint",
    "rotate_webhook_endpoint_secret",
    "list_webhook_endpoint_changes",
    "get_webhook_endpoint_health",
    "test_webhook_endpoint",
    "recover_webhook_deliveries",
    "replay_webhook_events",
    "get_webhook_delivery",
    "resend_webhook_delivery",
}
"""What takes its path through a dependency, in FastAPI's own way: settings, not daily traffic."""


def test_every_route_but_lists_and_settings_has_a_short_way() -> None:
    without = {
        route.name
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and direct_call(route.dependant) is None
    }
    assert without == LISTS | SELDOM
