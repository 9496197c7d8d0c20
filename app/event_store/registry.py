"""The domain events the log knows, by their stored names.

To add an event: write it in app/domain/order/events.py, add it to ``OrderEvent``, and add its row
here; the type checker then names each projection that has not considered it. To change one, raise
its schema version and add an upcaster (app/event_store/codec.py).
"""

from typing import get_args

from app.domain.order.events import OrderEvent

ORDER_EVENT_TYPES: tuple[type[OrderEvent], ...] = get_args(OrderEvent)
"""Every event class of an order's stream; stored under its class name."""
