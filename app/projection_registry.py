"""Every reader that keeps tables of this service. To add a view, write its file and name it here.

Importing this module makes all their tables known to the one MetaData.
"""

from app.notifications.inbox import NotificationsReader
from app.payments.queue import RefundWorkReader
from app.processes.assistant.reader import AssistantReader
from app.projections.deadlines import DeadlinesReader
from app.projections.ledger.snapshots import FundsSnapshotsReader
from app.projections.ledger.table import LedgerReader
from app.projections.operation_log.table import OperationLogReader
from app.projections.orders.table import OrdersReader
from app.projections.refunds.apply import RefundsReader
from app.projections.stream_kinds import OfFunds, OfOrders
from app.projections.tickets.table import TicketsReader
from app.webhooks.feed.reader import PublicEventsReader

READERS = (
    OfOrders(OrdersReader()),
    OfOrders(OperationLogReader()),
    OfOrders(TicketsReader()),
    OfOrders(DeadlinesReader()),
    NotificationsReader(),
    OfOrders(AssistantReader()),
    OfFunds(RefundWorkReader()),
    OfFunds(FundsSnapshotsReader()),
    LedgerReader(),
    RefundsReader(),
    PublicEventsReader(),
)
