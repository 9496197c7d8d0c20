"""The tickets as lists need them: a row a ticket, kept by the reader `tickets`."""

from collections.abc import Sequence

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
from app.projections.rows import DocumentTable, Key, Rebuildable
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

TICKETS = DocumentTable(tickets, TicketView)


class TicketsReader(Rebuildable):
    """Keeps a row a ticket: one query and one statement a batch."""

    name = "tickets"
    tables = (tickets,)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[OrderEvent]]) -> None:
        """Bring the tickets a batch is about up to date."""
        changes = [
            (_key(recorded, recorded.event), recorded.event, recorded)
            for recorded in batch
            if isinstance(recorded.event, TicketEvent)
        ]
        known = {key for key, event, _ in changes if not isinstance(event, TicketCreated)}
        views: dict[Key, TicketView | None] = dict(await TICKETS.fetch(connection, known))
        positions: dict[Key, int] = {}
        for key, event, recorded in changes:
            views[key] = fold_ticket(views.get(key), event, recorded)
            positions[key] = recorded.position
        await TICKETS.store(
            connection,
            [
                (key, view, _columns(view, positions[key]))
                for key, view in views.items()
                if view is not None
            ],
        )


def _key(recorded: Recorded[OrderEvent], event: TicketEvent) -> Key:
    shop_id, _ = order_of_stream(recorded.stream_id)
    return recorded.partition_id, shop_id, event.ticket_id


def _columns(view: TicketView, position: int) -> dict[str, object]:
    due, waiting = view.due, view.waiting_for
    return {
        "order_id": view.order_id,
        "buyer_id": view.buyer_id,
        "type": view.type.value,
        "state": view.state.value,
        "waiting_for": None if waiting is None else waiting.value,
        "overdue": view.overdue,
        "reason": view.reason.value,
        "amount": view.amount,
        **dict(zip(TRACKING_NUMBERS, _tracking_numbers(view), strict=True)),
        "due_at": None if due is None else due.at,
        "due_action": None if due is None else due.action.value,
        "created_at": view.created_at,
        "position": position,
    }


def _tracking_numbers(view: TicketView) -> tuple[str | None, str | None, str | None]:
    """Return the values of `TRACKING_NUMBERS`."""
    parcel, replacement = view.return_shipment, view.replacement
    first_told = None if parcel is None else parcel.first_told
    return (
        None if parcel is None else parcel.shipment.tracking_number,
        None if first_told is None else first_told.tracking_number,
        None if replacement is None else replacement.shipment.tracking_number,
    )
