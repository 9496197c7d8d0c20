"""The order a payment is about, as its stream tells it now."""

from app.domain.order.events import OrderEvent
from app.domain.order.evolve import fold
from app.domain.order.state import Order, Unregistered
from app.event_store.codec import Codec
from app.event_store.log import EventLog
from app.event_store.partitions import partition_of
from app.event_store.streams import order_stream
from app.postgres.pool import Pool


async def read_order(
    pool: Pool, codec: Codec[OrderEvent], shop_id: str, order_id: str
) -> Order | None:
    """Return an order; None if it is not registered."""
    history = await EventLog(codec).read_stream(
        pool, partition_of(shop_id), order_stream(shop_id, order_id)
    )
    order = fold(Unregistered(), [recorded.event for recorded in history])
    return order if isinstance(order, Order) else None
