"""The orders as lists need them: a row an order, kept by the reader `orders`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
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
from app.projections.columns import columns_of
from app.projections.orders.fold import fold_order
from app.projections.orders.view import OrderView

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
present tells an open entry from a closed one, whether or not a timer has fired.
"""

# The partitions are named twice so that Citus sends a batch of one partition to its node.
SELECT_ROWS = """
SELECT o.partition_id, o.shop_id, o.order_id, o.doc
FROM after_sales.orders AS o
JOIN unnest($1::smallint[], $2::text[], $3::text[]) AS k(partition_id, shop_id, order_id)
    ON o.partition_id = k.partition_id AND o.shop_id = k.shop_id AND o.order_id = k.order_id
WHERE o.partition_id = ANY ($1::smallint[])
"""

UPSERT_ROWS = """
INSERT INTO after_sales.orders
    (partition_id, shop_id, order_id, buyer_id, created_at, receipt_confirmed_at,
     entry_closes_at, ticket_state, version, position, doc)
SELECT r.partition_id, r.shop_id, r.order_id, r.buyer_id, r.created_at, r.receipt_confirmed_at,
       r.entry_closes_at, r.ticket_state, r.version, r.position, r.doc
FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[],
            $6::timestamptz[], $7::timestamptz[], $8::text[], $9::integer[], $10::bigint[],
            $11::jsonb[])
    AS r(partition_id, shop_id, order_id, buyer_id, created_at, receipt_confirmed_at,
         entry_closes_at, ticket_state, version, position, doc)
ON CONFLICT (partition_id, shop_id, order_id) DO UPDATE SET
    buyer_id = excluded.buyer_id,
    created_at = excluded.created_at,
    receipt_confirmed_at = excluded.receipt_confirmed_at,
    entry_closes_at = excluded.entry_closes_at,
    ticket_state = excluded.ticket_state,
    version = excluded.version,
    position = excluded.position,
    doc = excluded.doc
"""

CLEAR_PARTITION = "DELETE FROM after_sales.orders WHERE partition_id = $1"

Key = tuple[int, str, str]
"""Partition, shop, order."""

_STORED_FORM = TypeAdapter(OrderView)


@dataclass(frozen=True, slots=True)
class OrdersReader:
    """Keeps a row an order: one query and one statement a batch."""

    name: str = "orders"

    async def clear(self, connection: Connection, partition_id: int) -> None:
        """Forget a partition's rows."""
        await connection.execute(CLEAR_PARTITION, partition_id)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[OrderEvent]]) -> None:
        """Bring the orders a batch is about up to date."""
        known = {_key(recorded) for recorded in batch if recorded.version > 1}
        views: dict[Key, OrderView | None] = dict(await _stored(connection, known))
        positions: dict[Key, int] = {}
        for recorded in batch:
            key = _key(recorded)
            views[key] = fold_order(views.get(key), recorded)
            positions[key] = recorded.position
        rows = [_row(key, view, positions[key]) for key, view in views.items() if view is not None]
        if rows:
            await connection.execute(UPSERT_ROWS, *columns_of(rows))


def order_from_stored(doc: str) -> OrderView:
    """Return the view kept in a row."""
    return _STORED_FORM.validate_json(doc)


async def _stored(connection: Connection, keys: set[Key]) -> dict[Key, OrderView]:
    if not keys:
        return {}
    rows = await connection.fetch(SELECT_ROWS, *columns_of(keys))
    return {(row[0], row[1], row[2]): order_from_stored(row["doc"]) for row in rows}


def _key(recorded: Recorded[OrderEvent]) -> Key:
    return recorded.partition_id, *order_of_stream(recorded.stream_id)


def _row(key: Key, view: OrderView, position: int) -> tuple[object, ...]:
    ticket = view.current_ticket
    return (
        *key,
        view.buyer_id,
        view.facts.created_at,
        view.receipt_confirmed_at,
        _entry_closes_at(view),
        None if ticket is None else ticket.state.value,
        view.version,
        position,
        _STORED_FORM.dump_json(view).decode(),
    )


def _entry_closes_at(view: OrderView) -> datetime | None:
    return view.entry.closed_at or view.entry.expires_at
