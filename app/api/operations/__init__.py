"""The operations of the API in tables, a row each."""

from app.api.operation import Operation
from app.api.operations import (
    decisions,
    funds,
    notifications,
    orders,
    refunds,
    service,
    tickets,
    webhooks,
)

OPERATIONS: tuple[Operation, ...] = (
    *orders.OPERATIONS,
    *tickets.OPERATIONS,
    *decisions.DECISIONS,
    *funds.OPERATIONS,
    *refunds.OPERATIONS,
    *notifications.OPERATIONS,
    *webhooks.OPERATIONS,
    *service.OPERATIONS,
)
"""All operations of the API, in the order the document has them."""
