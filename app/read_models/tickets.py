"""The tickets as lists need them: a row a ticket, kept by the reader `tickets`."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.domain.order.events import OrderEvent
from app.domain.order.ticket_events import TicketCreated, TicketEvent
from app.event_store.connections import Connection
from app.event_store.recorded import Recorded
from app.event_store.streams import order_of_stream
from app.event_store.tables import BytewiseText, metadata
from app.read_models.columns import columns_of
from app.read_models.ticket_fold import fold_ticket
from app.read_models.ticket_view import TicketView

_SHOP = ("partition_id", "shop_id")
_NEWEST = ("created_at", "ticket_id")

tickets = Table(
    "tickets",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("ticket_id", BytewiseText, nullable=False),
    Column("order_id", BytewiseText, nullable=False),
    Column("buyer_id", BytewiseText, nullable=False),
    Column("type", Text, nullable=False),
    Column("state", BytewiseText, nullable=False),
    Column("overdue", Boolean, nullable=False),
    Column("due_at", TIMESTAMP(timezone=True)),
    Column("due_action", Text),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("doc", JSONB, nullable=False),
    PrimaryKeyConstraint("partition_id", "shop_id", "ticket_id", name="tickets_pkey"),
    Index("tickets_created_idx", *_SHOP, *_NEWEST),
    Index("tickets_state_idx", *_SHOP, "state", *_NEWEST),
    Index("tickets_buyer_idx", *_SHOP, "buyer_id", *_NEWEST),
    Index("tickets_order_idx", *_SHOP, "order_id"),
    Index("tickets_overdue_idx", *_SHOP, *_NEWEST, postgresql_where=text("overdue")),
    Index("tickets_due_idx", *_SHOP, "due_at", postgresql_where=text("due_at IS NOT NULL")),
)
"""``doc`` holds the whole view; the other columns are what lists filter and sort by."""

# The partitions are named twice so that Citus sends a batch of one partition to its node.
SELECT_ROWS = """
SELECT t.partition_id, t.shop_id, t.ticket_id, t.doc
FROM after_sales.tickets AS t
JOIN unnest($1::smallint[], $2::text[], $3::text[]) AS k(partition_id, shop_id, ticket_id)
    ON t.partition_id = k.partition_id AND t.shop_id = k.shop_id AND t.ticket_id = k.ticket_id
WHERE t.partition_id = ANY ($1::smallint[])
"""

UPSERT_ROWS = """
INSERT INTO after_sales.tickets
    (partition_id, shop_id, ticket_id, order_id, buyer_id, type, state, overdue, due_at,
     due_action, created_at, position, doc)
SELECT r.partition_id, r.shop_id, r.ticket_id, r.order_id, r.buyer_id, r.type, r.state, r.overdue,
       r.due_at, r.due_action, r.created_at, r.position, r.doc
FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::boolean[], $9::timestamptz[], $10::text[], $11::timestamptz[], $12::bigint[],
            $13::jsonb[])
    AS r(partition_id, shop_id, ticket_id, order_id, buyer_id, type, state, overdue, due_at,
         due_action, created_at, position, doc)
ON CONFLICT (partition_id, shop_id, ticket_id) DO UPDATE SET
    state = excluded.state,
    due_at = excluded.due_at,
    due_action = excluded.due_action,
    position = excluded.position,
    doc = excluded.doc
"""

CLEAR_PARTITION = "DELETE FROM after_sales.tickets WHERE partition_id = $1"

Key = tuple[int, str, str]
"""Partition, shop, ticket."""

_STORED_FORM = TypeAdapter(TicketView)


@dataclass(frozen=True, slots=True)
class TicketsReader:
    """Keeps a row a ticket: one query and one statement a batch."""

    name: str = "tickets"

    async def clear(self, connection: Connection, partition_id: int) -> None:
        """Forget a partition's rows."""
        await connection.execute(CLEAR_PARTITION, partition_id)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[OrderEvent]]) -> None:
        """Bring the tickets a batch is about up to date."""
        changes = [
            (_key(recorded, recorded.event), recorded.event, recorded)
            for recorded in batch
            if isinstance(recorded.event, TicketEvent)
        ]
        known = {key for key, event, _ in changes if not isinstance(event, TicketCreated)}
        views: dict[Key, TicketView | None] = dict(await _stored(connection, known))
        positions: dict[Key, int] = {}
        for key, event, recorded in changes:
            views[key] = fold_ticket(views.get(key), event, recorded)
            positions[key] = recorded.position
        rows = [_row(key, view, positions[key]) for key, view in views.items() if view is not None]
        if rows:
            await connection.execute(UPSERT_ROWS, *columns_of(rows))


def ticket_from_stored(doc: str) -> TicketView:
    """Return the view kept in a row."""
    return _STORED_FORM.validate_json(doc)


async def _stored(connection: Connection, keys: set[Key]) -> dict[Key, TicketView]:
    if not keys:
        return {}
    rows = await connection.fetch(SELECT_ROWS, *columns_of(keys))
    return {(row[0], row[1], row[2]): ticket_from_stored(row["doc"]) for row in rows}


def _key(recorded: Recorded[OrderEvent], event: TicketEvent) -> Key:
    shop_id, _ = order_of_stream(recorded.stream_id)
    return recorded.partition_id, shop_id, event.ticket_id


def _row(key: Key, view: TicketView, position: int) -> tuple[object, ...]:
    due = view.due
    return (
        *key,
        view.order_id,
        view.buyer_id,
        view.type.value,
        view.state.value,
        view.overdue,
        None if due is None else due.at,
        None if due is None else due.action.value,
        view.created_at,
        position,
        _STORED_FORM.dump_json(view).decode(),
    )
