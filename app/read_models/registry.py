"""Every reader that keeps tables of this service. To add a view, write its file and name it here.

Importing this module makes all their tables known to the one MetaData.
"""

from app.notifications.inbox import NotificationsReader
from app.processes.assistant.reader import AssistantReader
from app.processes.refunds.work import RefundWorkReader
from app.read_models.deadlines import DeadlinesReader
from app.read_models.families import OfFunds, OfOrders
from app.read_models.funds_snapshots import FundsSnapshotsReader
from app.read_models.ledger import LedgerReader
from app.read_models.operation_log import OperationLogReader
from app.read_models.orders import OrdersReader
from app.read_models.refunds_reader import RefundsReader
from app.read_models.tickets import TicketsReader
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
