"""Every reader and every table of this service. To add a view, write its file and name it here.

Importing this module makes all tables known to the one ``metadata``, which migrations are compared
with.
"""

from app.access import keys as api_keys
from app.event_store.tables import metadata
from app.notifications import inbox, preferences
from app.notifications.inbox import NotificationsReader
from app.notifications.push import devices, queue
from app.payments.queue import RefundWorkReader
from app.processes.assistant.reader import AssistantReader
from app.projections.deadlines import DeadlinesReader
from app.projections.ledger.snapshots import FundsSnapshotsReader
from app.projections.ledger.table import LedgerReader
from app.projections.operation_log import OperationLogReader
from app.projections.orders.table import OrdersReader
from app.projections.projection import of_funds, of_orders
from app.projections.refunds.apply import RefundsReader
from app.projections.tickets.table import TicketsReader
from app.shop_clocks import clocks
from app.webhooks.deliveries import tables as delivery_tables
from app.webhooks.endpoints import queries as endpoint_tables
from app.webhooks.feed.reader import PublicEventsReader

READERS = (
    of_orders(OrdersReader()),
    of_orders(OperationLogReader()),
    of_orders(TicketsReader()),
    of_orders(DeadlinesReader()),
    NotificationsReader(),
    of_orders(AssistantReader()),
    of_funds(RefundWorkReader()),
    of_funds(FundsSnapshotsReader()),
    LedgerReader(),
    RefundsReader(),
    PublicEventsReader(),
)


__all__ = [
    "READERS",
    "api_keys",
    "clocks",
    "delivery_tables",
    "devices",
    "endpoint_tables",
    "inbox",
    "metadata",
    "preferences",
    "queue",
]
