"""Every table there is: what migrations are compared with."""

from app import projection_registry as registry  # its readers bring their tables along
from app.access import tables as access_tables
from app.event_store.tables import metadata
from app.notifications import preferences, reading
from app.notifications.push import devices, queue
from app.processes.assistant import tables as assistant_tables
from app.shop_clocks import tables as clock_tables
from app.webhooks.deliveries import tables as delivery_tables
from app.webhooks.endpoints import tables as endpoint_tables

__all__ = [
    "access_tables",
    "assistant_tables",
    "clock_tables",
    "delivery_tables",
    "devices",
    "endpoint_tables",
    "metadata",
    "preferences",
    "queue",
    "reading",
    "registry",
]
