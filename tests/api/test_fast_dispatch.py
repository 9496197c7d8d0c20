"""The short way to a route is there, and where it is not taken the answers are the same."""

from app.api.fast_dispatch import direct_call
from app.api.operation import route_of
from app.api.operations.table import OPERATIONS

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
    "get_statement",
}
"""Their filters may be repeated or are checked together, so that they go FastAPI's own way."""


def test_every_route_but_lists_has_a_short_way() -> None:
    routes = map(route_of, OPERATIONS)
    assert {route.name for route in routes if direct_call(route.dependant) is None} == LISTS
