"""The orders as lists need them: a row an order, kept by the reader `orders`."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.domain.order.events import OrderEvent
from app.event_store.connections import Connection
from app.event_store.recorded_event import Recorded
from app.event_store.streams import order_of_stream
from app.event_store.tables import BytewiseText, metadata
from app.projections.orders.fold import fold_order
from app.projections.orders.view import OrderView
from app.projections.rows import DocumentTable, Key, Rebuildable

orders = Table(
    "orders",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("order_id", BytewiseText, nullable=False),
    Column("buyer_id", BytewiseText, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("receipt_confirmed_at", TIMESTAMP(timezone=True)),
    Column("entry_closes_at", TIMESTAMP(timezone=True)),
    Column("ticket_state", BytewiseText),
    Column("version", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("doc", JSONB, nullable=False),
    PrimaryKeyConstraint("partition_id", "shop_id", "order_id", name="orders_pkey"),
    Index("orders_created_idx", "partition_id", "shop_id", "created_at", "order_id"),
    Index("orders_buyer_idx", "partition_id", "shop_id", "buyer_id", "created_at", "order_id"),
    Index("orders_entry_idx", "partition_id", "shop_id", "entry_closes_at"),
    Index(
        "orders_ticket_state_idx",
        *("partition_id", "shop_id", "ticket_state", "created_at", "order_id"),
        postgresql_where=text("ticket_state IS NOT NULL"),
    ),
)
"""``doc`` holds the whole view; the other columns are what lists filter and sort by.

``entry_closes_at`` is absent while the entry was never opened; then one comparison with the
present tells an open entry from a closed one, even if no timer has fired yet.
"""

ORDERS = DocumentTable(orders, OrderView)


class OrdersReader(Rebuildable):
    """Keeps a row an order: one query and one statement a batch."""

    name = "orders"
    tables = (orders,)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[OrderEvent]]) -> None:
        """Bring the orders a batch is about up to date."""
        known = {_key(recorded) for recorded in batch if recorded.version > 1}
        views: dict[Key, OrderView | None] = dict(await ORDERS.fetch(connection, known))
        positions: dict[Key, int] = {}
        for recorded in batch:
            key = _key(recorded)
            views[key] = fold_order(views.get(key), recorded)
            positions[key] = recorded.position
        await ORDERS.store(
            connection,
            [
                (key, view, _columns(view, positions[key]))
                for key, view in views.items()
                if view is not None
            ],
        )


def _key(recorded: Recorded[OrderEvent]) -> Key:
    return recorded.partition_id, *order_of_stream(recorded.stream_id)


def _columns(view: OrderView, position: int) -> dict[str, object]:
    ticket = view.current_ticket
    return {
        "buyer_id": view.buyer_id,
        "created_at": view.facts.created_at,
        "receipt_confirmed_at": view.receipt_confirmed_at,
        "entry_closes_at": view.entry.closed_at or view.entry.expires_at,
        "ticket_state": None if ticket is None else ticket.state.value,
        "version": view.version,
        "position": position,
    }
