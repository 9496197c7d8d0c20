"""The operation log: a row an event of an order, kept by the reader `operation_log`."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from pydantic_core import from_json, to_json
from sqlalchemy import Column, Integer, PrimaryKeyConstraint, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

from app.domain.order.events import OrderEvent
from app.event_store.connections import Connection
from app.event_store.recorded import Recorded, Role
from app.event_store.tables import BytewiseText, metadata
from app.read_models.columns import columns_of
from app.read_models.log_entry import LogEntry, log_entry
from app.read_models.log_facts import LogCode

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
    PrimaryKeyConstraint("partition_id", "stream_id", "version", name="operation_log_pkey"),
)

INSERT_ROWS = """
INSERT INTO after_sales.operation_log
    (partition_id, stream_id, version, event_id, occurred_at, recorded_at, actor_role, actor_id,
     code, subject, after, params)
SELECT r.partition_id, r.stream_id, r.version, r.event_id, r.occurred_at, r.recorded_at,
       r.actor_role, r.actor_id, r.code, r.subject, r.after, r.params
FROM unnest($1::smallint[], $2::text[], $3::integer[], $4::uuid[], $5::timestamptz[],
            $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
            $12::jsonb[])
    AS r(partition_id, stream_id, version, event_id, occurred_at, recorded_at, actor_role,
         actor_id, code, subject, after, params)
"""

CLEAR_PARTITION = "DELETE FROM after_sales.operation_log WHERE partition_id = $1"


@dataclass(frozen=True, slots=True)
class OperationLogReader:
    """Writes a line for each event: one statement a batch."""

    name: str = "operation_log"

    async def clear(self, connection: Connection, partition_id: int) -> None:
        """Forget a partition's rows."""
        await connection.execute(CLEAR_PARTITION, partition_id)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[OrderEvent]]) -> None:
        """Write the lines of a batch."""
        rows = [_row(recorded) for recorded in batch]
        if rows:
            await connection.execute(INSERT_ROWS, *columns_of(rows))


def log_entry_from_row(row: asyncpg.Record) -> LogEntry:
    """Return a line as kept, not linked to those before it."""
    return LogEntry(
        version=row["version"],
        event_id=row["event_id"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        actor_role=Role(row["actor_role"]),
        actor_id=row["actor_id"],
        code=LogCode(row["code"]),
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
        entry.code.value,
        entry.subject,
        entry.after,
        to_json(entry.params).decode(),
    )
