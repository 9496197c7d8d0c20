"""The operation log: a row an event of an order, kept by the reader `operation_log`."""

from collections.abc import Sequence

import asyncpg
from pydantic_core import from_json, to_json
from sqlalchemy import Column, Integer, PrimaryKeyConstraint, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

from app.domain.order.events import OrderEvent
from app.event_store.connections import Connection
from app.event_store.recorded_event import ClockKind, Recorded, Role
from app.event_store.tables import BytewiseText, metadata
from app.projections.operation_log.entry import LogEntry, log_entry
from app.projections.rows import Rebuildable, copy_rows

operation_log = Table(
    "operation_log",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("stream_id", BytewiseText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("event_id", UUID(as_uuid=True), nullable=False),
    Column("occurred_at", TIMESTAMP(timezone=True), nullable=False),
    Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
    Column("actor_role", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("after", Text),
    Column("params", JSONB, nullable=False),
    Column("clock", Text, nullable=False, server_default=ClockKind.SYSTEM.value),
    PrimaryKeyConstraint("partition_id", "stream_id", "version", name="operation_log_pkey"),
)


class OperationLogReader(Rebuildable):
    """Writes a line for each event: one COPY a batch."""

    name = "operation_log"
    tables = (operation_log,)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[OrderEvent]]) -> None:
        """Write the lines of a batch."""
        await copy_rows(connection, operation_log, [_row(recorded) for recorded in batch])


def log_entry_from_row(row: asyncpg.Record) -> LogEntry:
    """Return a line as kept, not linked to those before it."""
    return LogEntry(
        version=row["version"],
        event_id=row["event_id"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        clock=ClockKind(row["clock"]),
        actor_role=Role(row["actor_role"]),
        actor_id=row["actor_id"],
        code=row["code"],
        subject=row["subject"],
        before=None,
        after=row["after"],
        params=from_json(row["params"]),
    )


def _row(recorded: Recorded[OrderEvent]) -> tuple[object, ...]:
    entry = log_entry(recorded)
    return (
        recorded.partition_id,
        recorded.stream_id,
        entry.version,
        entry.event_id,
        entry.occurred_at,
        entry.recorded_at,
        entry.actor_role.value,
        entry.actor_id,
        entry.code,
        entry.subject,
        entry.after,
        to_json(entry.params).decode(),
        entry.clock.value,
    )
