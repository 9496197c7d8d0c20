"""What is due when: a row a deadline, kept by the reader `deadlines` from events alone.

An event that sets a deadline writes it, one that does away with it deletes it. The workers that act
on them are in app/processes; all they write here is until when they have claimed a row.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import assert_never

from sqlalchemy import Column, Index, PrimaryKeyConstraint, SmallInteger, Table, Uuid, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from app.domain.order.answers import AssistantNotified
from app.domain.order.applications import TicketCreated, TicketDueReminded, TicketRemarked
from app.domain.order.arbitration import ArbitrationEvidenceSubmitted
from app.domain.order.entries import (
    AfterSalesEntryExpired,
    AfterSalesEntryExpiring,
    AfterSalesEntryOpened,
    EntryReopeningDeclined,
    EntryReopeningRequested,
)
from app.domain.order.events import OrderEvent, TicketEvent
from app.domain.order.registration import (
    OrderRegistered,
    OrderSettled,
    OrderShipped,
    ReceiptConfirmed,
)
from app.domain.order.returns import ReturnShipmentCorrected
from app.event_store.connections import Connection
from app.event_store.recorded_event import ClockKind, Recorded
from app.event_store.streams import order_of_stream
from app.event_store.tables import BytewiseText, metadata
from app.projections.rows import Rebuildable, columns_of, upsert_of

ENTRY_REMINDER = "entry_reminder"
ENTRY_EXPIRY = "entry_expiry"
TICKET_PREFIX = "ticket/"
TICKET_REMINDER_PREFIX = "ticket_reminder/"
"""A ticket's deadline and its reminder are named by its number: ``ticket/1``."""

deadlines = Table(
    "deadlines",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("stream_id", BytewiseText, nullable=False),
    Column("kind", BytewiseText, nullable=False),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False),
    Column("claimed_until", TIMESTAMP(timezone=True)),
    Column("test_shop_id", BytewiseText),
    Column("claim", Uuid),
    PrimaryKeyConstraint("partition_id", "stream_id", "kind", name="deadlines_pkey"),
    Index(
        "deadlines_due_idx",
        *("partition_id", "due_at"),
        postgresql_where=text("test_shop_id IS NULL"),
    ),
    Index(
        "deadlines_test_due_idx",
        *("partition_id", "test_shop_id", "due_at"),
        postgresql_where=text("test_shop_id IS NOT NULL"),
    ),
)
"""``test_shop_id`` is the shop by whose test clock the deadline comes, null for real time's."""

UPSERT_ROWS = upsert_of(
    deadlines,
    *("partition_id", "stream_id", "kind", "due_at", "test_shop_id"),
    also="claimed_until = NULL, claim = NULL",
)

# One statement a row, sent together: Citus refuses to delete by joining with an array.
DELETE_ROW = """
DELETE FROM after_sales.deadlines AS d
WHERE d.partition_id = $1 AND d.stream_id = $2 AND d.kind = $3
"""

Change = tuple[str, datetime | None]
"""A kind of deadline and when it is due from now on; None if it no longer is."""

Key = tuple[int, str, str]
"""Partition, stream, kind."""


class DeadlinesReader(Rebuildable):
    """Keeps a row a pending deadline: at most two statements a batch."""

    name = "deadlines"
    tables = (deadlines,)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[OrderEvent]]) -> None:
        """Set and do away with the deadlines of a batch."""
        last = _last_changes(batch)
        gone = [key for key, due_at in last.items() if due_at is None]
        test_shops = _test_shops(batch)
        pending = [
            (*key, due_at, test_shops.get(key[1]))
            for key, due_at in last.items()
            if due_at is not None
        ]
        if gone:
            await connection.executemany(DELETE_ROW, gone)
        if pending:
            await connection.execute(UPSERT_ROWS, *columns_of(pending))


def next_due(events: Iterable[OrderEvent]) -> datetime | None:
    """Return the earliest deadline an order's events leave pending; None if they leave none."""
    last = {kind: due_at for event in events for kind, due_at in deadline_changes(event)}
    return min((due_at for due_at in last.values() if due_at is not None), default=None)


def deadline_changes(event: OrderEvent) -> tuple[Change, ...]:
    """Return what an event sets and does away with."""
    if isinstance(event, TicketEvent):
        return _ticket_changes(event)
    match event:
        case AfterSalesEntryOpened():
            return (ENTRY_REMINDER, event.remind_at), (ENTRY_EXPIRY, event.expires_at)
        case AfterSalesEntryExpiring():
            return ((ENTRY_REMINDER, None),)
        case AfterSalesEntryExpired():
            return (ENTRY_REMINDER, None), (ENTRY_EXPIRY, None)
        case OrderRegistered() | OrderShipped() | ReceiptConfirmed() | OrderSettled():
            return ()
        case EntryReopeningRequested() | EntryReopeningDeclined():
            return ()
        case _:
            assert_never(event)


_KEEP_THE_DEADLINE = (
    TicketRemarked | ReturnShipmentCorrected | ArbitrationEvidenceSubmitted | AssistantNotified
)
"""Events after which a deadline, if there is one, is the one before, reminded of or not."""


def _ticket_changes(event: TicketEvent) -> tuple[Change, ...]:
    number = event.ticket_id.rpartition("-")[2]
    reminder = f"{TICKET_REMINDER_PREFIX}{number}"
    if isinstance(event, TicketDueReminded):
        return ((reminder, None),)
    due = event.due
    if isinstance(event, _KEEP_THE_DEADLINE) and due is not None:
        return ()
    changes = (
        (f"{TICKET_PREFIX}{number}", None if due is None else due.at),
        (reminder, None if due is None else due.remind_at),
    )
    if isinstance(event, TicketCreated) and event.overdue:
        # Who has applied through the entry is not reminded of it.
        return ((ENTRY_REMINDER, None), *changes)
    return changes


def _last_changes(batch: Iterable[Recorded[OrderEvent]]) -> Mapping[Key, datetime | None]:
    return {
        (recorded.partition_id, recorded.stream_id, kind): due_at
        for recorded in batch
        for kind, due_at in deadline_changes(recorded.event)
    }


def _test_shops(batch: Iterable[Recorded[OrderEvent]]) -> Mapping[str, str]:
    """Return the shop of each stream that lives by a test clock."""
    return {
        recorded.stream_id: order_of_stream(recorded.stream_id)[0]
        for recorded in batch
        if recorded.metadata.clock is ClockKind.TEST
    }
