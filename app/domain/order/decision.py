"""What deciding one command gives."""

from app.domain.order.events import OrderEvent
from app.domain.rejections import Rejection

Decision = tuple[OrderEvent, ...] | Rejection
"""The events that follow (none where asking again changes nothing), or a refusal."""
