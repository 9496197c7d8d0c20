"""Every table there is: what migrations are compared with."""

from app.access import tables as access_tables
from app.event_store.tables import metadata
from app.notifications import reading
from app.read_models import registry  # its readers bring their tables along

__all__ = ["access_tables", "metadata", "reading", "registry"]
