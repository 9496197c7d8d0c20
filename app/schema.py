"""Every table there is: what migrations are compared with."""

from app.event_store.tables import metadata
from app.read_models import registry as registry  # its readers bring their tables along

__all__ = ["metadata"]
