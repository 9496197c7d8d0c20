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

from app.domain.order.applications import TicketCreated
from app.domain.order.events import OrderEvent, TicketEvent
from app.event_store.connections import Connection
from app.event_store.recorded_event import Recorded
from app.event_store.streams import order_of_stream
from app.event_store.tables import BytewiseText, metadata
from app.projections.columns import columns_of
from app.projections.tickets.fold import fold_ticket
from app.projections.tickets.view import TicketView

_SHOP = ("partition_id", "shop_id")
_NEWEST = ("created_at", "ticket_id")
_NEXT_DUE = ("due_at", "ticket_id")

TRACKING_NUMBERS = (
    "return_tracking_number",
    "first_tracking_number",
    "replacement_tracking_number",
)
"""The columns with the numbers a ticket's parcels can be found by."""

tickets = Table(
    "tickets",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("ticket_id", BytewiseText, nullable=False),
    Column("order_id", BytewiseText, nullable=False),
    Column("buyer_id", BytewiseText, nullable=False),
    Column("type", BytewiseText, nullable=False),
    Column("state", BytewiseText, nullable=False),
    Column("waiting_for", BytewiseText),
    Column("overdue", Boolean, nullable=False),
    Column("reason", BytewiseText, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("return_tracking_number", BytewiseText),
    Column("first_tracking_number", BytewiseText),
    Column("replacement_tracking_number", BytewiseText),
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
    Index("tickets_due_idx", *_SHOP, *_NEXT_DUE, postgresql_where=text("due_at IS NOT NULL")),
    Index(
        "tickets_waiting_idx",
        *(*_SHOP, "waiting_for", *_NEWEST),
        postgresql_where=text("waiting_for IS NOT NULL"),
    ),
    Index(
        "tickets_waiting_due_idx",
        *(*_SHOP, "waiting_for", *_NEXT_DUE),
        postgresql_where=text("due_at IS NOT NULL"),
    ),
    Index("tickets_type_idx", *_SHOP, "type", *_NEWEST),
    Index("tickets_reason_idx", *_SHOP, "reason", *_NEWEST),
    Index("tickets_amount_idx", *_SHOP, "amount"),
    *(
        Index(
            f"tickets_{column}_idx", *_SHOP, column, postgresql_where=text(f"{column} IS NOT NULL")
        )
        for column in TRACKING_NUMBERS
    ),
)
"""``doc`` holds the whole view; the other columns are what lists filter and sort by.

``first_tracking_number`` is what a return was said to be sent under before that was corrected.
"""

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
    (partition_id, shop_id, ticket_id, order_id, buyer_id, overdue, created_at, type, state,
     waiting_for, reason, amount, return_tracking_number, first_tracking_number,
     replacement_tracking_number, due_at, due_action, position, doc)
SELECT r.partition_id, r.shop_id, r.ticket_id, r.order_id, r.buyer_id, r.overdue, r.created_at,
       r.type, r.state, r.waiting_for, r.reason, r.amount, r.return_tracking_number,
       r.first_tracking_number, r.replacement_tracking_number, r.due_at, r.due_action, r.position,
       r.doc
FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[],
            $7::timestamptz[], $8::text[], $9::text[], $10::text[], $11::text[], $12::bigint[],
            $13::text[], $14::text[], $15::text[], $16::timestamptz[], $17::text[], $18::bigint[],
            $19::jsonb[])
    AS r(partition_id, shop_id, ticket_id, order_id, buyer_id, overdue, created_at, type, state,
         waiting_for, reason, amount, return_tracking_number, first_tracking_number,
         replacement_tracking_number, due_at, due_action, position, doc)
ON CONFLICT (partition_id, shop_id, ticket_id) DO UPDATE SET
    type = excluded.type,
    state = excluded.state,
    waiting_for = excluded.waiting_for,
    reason = excluded.reason,
    amount = excluded.amount,
    return_tracking_number = excluded.return_tracking_number,
    first_tracking_number = excluded.first_tracking_number,
    replacement_tracking_number = excluded.replacement_tracking_number,
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
    due, waiting = view.due, view.waiting_for
    return (
        *key,
        view.order_id,
        view.buyer_id,
        view.overdue,
        view.created_at,
        view.type.value,
        view.state.value,
        None if waiting is None else waiting.value,
        view.reason.value,
        view.amount,
        *_tracking_numbers(view),
        None if due is None else due.at,
        None if due is None else due.action.value,
        position,
        _STORED_FORM.dump_json(view).decode(),
    )


def _tracking_numbers(view: TicketView) -> tuple[str | None, str | None, str | None]:
    """Return the values of `TRACKING_NUMBERS`."""
    parcel, replacement = view.return_shipment, view.replacement
    first_told = None if parcel is None else parcel.first_told
    return (
        None if parcel is None else parcel.shipment.tracking_number,
        None if first_told is None else first_told.tracking_number,
        None if replacement is None else replacement.shipment.tracking_number,
    )
