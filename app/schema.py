"""Every table there is: what migrations are compared with."""

from app import projection_registry as registry  # its readers bring their tables along
from app.access import keys as api_keys
from app.event_store.tables import metadata
from app.notifications import inbox, preferences
from app.notifications.push import devices, queue
from app.shop_clocks import clocks
from app.webhooks.deliveries import tables as delivery_tables
from app.webhooks.endpoints import queries as endpoint_tables

__all__ = [
    "api_keys",
    "clocks",
    "delivery_tables",
    "devices",
    "endpoint_tables",
    "inbox",
    "metadata",
    "preferences",
    "queue",
    "registry",
]
