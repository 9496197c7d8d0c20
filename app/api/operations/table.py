"""All operations of the API, in the order the document has them."""

from app.api.operation import Operation
from app.api.operations import decisions, orders, refunds, tickets

OPERATIONS: tuple[Operation, ...] = (
    *orders.COMMANDS,
    *tickets.OPERATIONS,
    *decisions.DECISIONS,
    *refunds.PAYOUTS,
)
