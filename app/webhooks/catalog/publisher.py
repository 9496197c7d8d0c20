"""Making public events of the log, with how things stood right after each.

The state comes from the stream itself, folded up to the event's own version: a view may be ahead of
the event, and after a rebuild it always is.
"""

from collections.abc import Iterable, Sequence

from app.domain.order.registration import FactEvent
from app.event_store.connections import Connection
from app.event_store.histories import read_beginnings
from app.event_store.recorded_event import Recorded
from app.event_store.streams import order_of_stream, shop_of_stream
from app.event_types.registry import ServiceEvent, order_codec
from app.projections.orders.fold import fold_order, fold_tail
from app.projections.orders.view import OrderView
from app.projections.stream_kinds import is_of_endpoint, is_of_funds, is_of_order
from app.webhooks.catalog.public_event import PublicEvent, id_of
from app.webhooks.catalog.public_events import (
    Announcement,
    announced_of_order,
    announced_of_shop,
)

_ORDERS = order_codec()

_Stream = tuple[int, str]
"""Partition and stream id."""


async def public_events_of(
    connection: Connection, batch: Sequence[Recorded[ServiceEvent]]
) -> list[PublicEvent]:
    """Return what a batch of a reader's means for others, in the batch's order.

    Reads each order's stream once, up to where the batch begins in it; nothing where the batch has
    an order from its first event on, or only facts of it. Depends on the log alone, and on no view.
    Raises UndecodableEvent.
    """
    orders = await _orders_before(connection, batch)
    found: list[PublicEvent] = []
    for recorded in batch:
        stream = recorded.partition_id, recorded.stream_id
        if is_of_order(recorded) and stream in orders:
            before = orders[stream]
            orders[stream] = after = fold_order(before, recorded)
            if after is not None:  # nothing is known of an order that was never registered
                shop_id, _ = order_of_stream(recorded.stream_id)
                announced = announced_of_order(recorded.event, before, after)
                found += _public(recorded, shop_id, announced, after)
        elif is_of_funds(recorded) or is_of_endpoint(recorded):
            shop_id = shop_of_stream(recorded.stream_id)
            found += _public(recorded, shop_id, announced_of_shop(recorded.event))
    return found


async def _orders_before(
    connection: Connection, batch: Sequence[Recorded[ServiceEvent]]
) -> dict[_Stream, OrderView | None]:
    """Return the orders that public events may be about, as they stood before the batch."""
    first: dict[_Stream, int] = {}
    wanted: dict[int, dict[str, int]] = {}
    for recorded in batch:
        if is_of_order(recorded):
            partition_id, stream_id = recorded.partition_id, recorded.stream_id
            version = first.setdefault((partition_id, stream_id), recorded.version)
            if not isinstance(recorded.event, FactEvent):
                wanted.setdefault(partition_id, {})[stream_id] = version - 1
    orders: dict[_Stream, OrderView | None] = {}
    for partition_id, up_to in wanted.items():
        orders.update({(partition_id, stream_id): None for stream_id in up_to})
        beginnings = read_beginnings(connection, _ORDERS, partition_id, up_to)
        async for stream_id, events in beginnings:
            orders[partition_id, stream_id] = fold_tail(None, events)
    return orders


def _public(
    recorded: Recorded[ServiceEvent],
    shop_id: str,
    announced: Iterable[Announcement],
    order: OrderView | None = None,
) -> list[PublicEvent]:
    return [
        PublicEvent(
            event_id=id_of(recorded.event_id, each.type),
            type=each.type,
            shop_id=shop_id,
            partition_id=recorded.partition_id,
            position=recorded.position,
            ordinal=ordinal,
            occurred_at=recorded.occurred_at,
            stream_id=recorded.stream_id,
            version=recorded.version,
            order_id=each.order_id,
            ticket_id=each.ticket_id,
            caused_by=recorded.metadata.actor.role.value,
            clock=recorded.metadata.clock,
            data=each.data,
            order=order,
        )
        for ordinal, each in enumerate(announced)
    ]
