"""What a key may do. A role bounds the scopes its keys can be given."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from app.event_store.recorded_event import Role


class Scope(StrEnum):
    """One area of the API, to read or to change."""

    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    ENTRIES_WRITE = "entries:write"
    TICKETS_WRITE = "tickets:write"
    REFUNDS_WRITE = "refunds:write"
    FUNDS_READ = "funds:read"
    FUNDS_WRITE = "funds:write"
    ARBITRATIONS_WRITE = "arbitrations:write"
    ASSISTANT_WRITE = "assistant:write"
    NOTIFICATIONS_READ = "notifications:read"
    NOTIFICATIONS_WRITE = "notifications:write"
    EVENTS_READ = "events:read"
    OPERATIONS_READ = "operations:read"
    TEST_CLOCKS_WRITE = "test_clocks:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"


SCOPES_OF_ROLE: Mapping[Role, frozenset[Scope]] = MappingProxyType(
    {
        Role.MERCHANT: frozenset(
            {
                Scope.ORDERS_READ,
                Scope.ENTRIES_WRITE,
                Scope.TICKETS_WRITE,
                Scope.TEST_CLOCKS_WRITE,
                Scope.ASSISTANT_WRITE,
                Scope.FUNDS_READ,
                Scope.NOTIFICATIONS_READ,
                Scope.NOTIFICATIONS_WRITE,
                Scope.WEBHOOKS_READ,
                Scope.WEBHOOKS_WRITE,
                Scope.EVENTS_READ,
            }
        ),
        Role.PLATFORM: frozenset(
            {
                Scope.ORDERS_READ,
                Scope.ORDERS_WRITE,
                Scope.TICKETS_WRITE,
                Scope.ARBITRATIONS_WRITE,
                Scope.REFUNDS_WRITE,
                Scope.FUNDS_READ,
                Scope.FUNDS_WRITE,
                Scope.EVENTS_READ,
                Scope.OPERATIONS_READ,
                Scope.TEST_CLOCKS_WRITE,
                Scope.WEBHOOKS_READ,
                Scope.WEBHOOKS_WRITE,
            }
        ),
        Role.CONSUMER: frozenset(
            {
                Scope.ORDERS_READ,
                Scope.TICKETS_WRITE,
                Scope.NOTIFICATIONS_READ,
                Scope.NOTIFICATIONS_WRITE,
            }
        ),
        Role.SYSTEM: frozenset(),
    }
)
"""The scopes a key of each role can hold; a consumer's token holds all of its role's."""
