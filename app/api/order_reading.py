"""An order as its rules see it, read for a question rather than a command."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.order.deadlines import fall_due
from app.domain.order.events import OrderEvent
from app.domain.order.evolve import fold
from app.domain.order.state import Order, Unregistered
from app.domain.policy import Policy
from app.event_store.codec import Codec
from app.event_store.connections import Queryable
from app.event_store.log import EventLog
from app.event_store.partitions import partition_of
from app.event_store.streams import order_stream
from app.read_models.order_fold import fold_history
from app.read_models.order_view import OrderView


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOrder:
    """An order with what has fallen due by the instant asked about, and as people see it."""

    order: Order
    view: OrderView


async def read_order(
    database: Queryable,
    codec: Codec[OrderEvent],
    shop_id: str,
    order_id: str,
    *,
    now: datetime,
    policy: Policy,
) -> ReadOrder | None:
    """Read and fold one order's stream; None if it registers none. One round trip."""
    history = await EventLog(codec).read_stream(
        database, partition_of(shop_id), order_stream(shop_id, order_id)
    )
    state = fold(Unregistered(), [recorded.event for recorded in history])
    if not isinstance(state, Order):
        return None
    settled = fold(state, fall_due(state, now, policy))
    assert isinstance(settled, Order)  # noqa: S101 - a registered order stays registered
    return ReadOrder(order=settled, view=fold_history(history))
