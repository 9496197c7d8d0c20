"""Every table there is: what migrations are compared with."""

from app.event_store.tables import metadata

__all__ = ["metadata"]
