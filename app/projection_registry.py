"""Every reader that keeps tables of this service. To add a view, write its file and name it here.

Importing this module makes all their tables known to the one MetaData.
"""

from app.notifications.inbox import NotificationsReader
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
