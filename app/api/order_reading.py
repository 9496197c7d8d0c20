"""An order as its rules see it, read for a question rather than a command."""

from dataclasses import dataclass
from datetime import datetime

from app.api.services import Services
from app.domain.order.deadlines import fall_due
from app.domain.order.evolve import fold
from app.domain.order.state import Order, Unregistered
from app.event_store.log import EventLog
from app.event_store.partitions import partition_of
from app.event_store.streams import order_stream
from app.projections.orders.fold import fold_history
from app.projections.orders.view import OrderView


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOrder:
    """An order with what has fallen due by the instant asked about, and as people see it."""

    order: Order
    view: OrderView
    at: datetime


async def read_order(
    services: Services, shop_id: str, order_id: str, *, at: datetime | None
) -> ReadOrder | None:
    """Read and fold one order's stream, as of an instant or its shop's present.

    None if the stream registers no order. One round trip, and one more in a shop with a test clock.
    """
    history = await EventLog(services.codec).read_stream(
        services.resources.pool, partition_of(shop_id), order_stream(shop_id, order_id)
    )
    state = fold(Unregistered(), [recorded.event for recorded in history])
    if not isinstance(state, Order):
        return None
    at = at or await services.present(shop_id, history[0].metadata.clock)
    settled = fold(state, fall_due(state, at, services.policy))
    assert isinstance(settled, Order)  # noqa: S101 - a registered order stays registered
    return ReadOrder(order=settled, view=fold_history(history), at=at)
