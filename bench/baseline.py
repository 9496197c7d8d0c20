"""The usual way to append: one autocommit INSERT per command, into a table like the log's."""

import itertools
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.event_store.append import NewEvent
from app.event_store.connections import Queryable

CREATE_BASELINE = """
CREATE SCHEMA bench;
CREATE TABLE bench.events (LIKE after_sales.events INCLUDING ALL);
"""
"""Same columns, defaults, constraints and indexes as the log; nothing else in the way."""

INSERT = """
INSERT INTO bench.events (partition_id, position, stream_id, version, event_id, type,
                          schema_version, data, metadata, occurred_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING recorded_at
"""

_positions = itertools.count(1)


async def insert_event(
    database: Queryable, partition_id: int, stream_id: str, version: int, event: NewEvent
) -> None:
    """Insert one event in a transaction of its own. Positions are simply counted here."""
    await database.fetchrow(INSERT, *_row(partition_id, stream_id, version, event))


def _row(partition_id: int, stream_id: str, version: int, event: NewEvent) -> tuple[Any, ...]:
    return (
        partition_id,
        next(_positions),
        stream_id,
        version,
        event.event_id,
        event.type,
        event.schema_version,
        event.data,
        event.metadata,
        event.occurred_at,
    )


def like(event: NewEvent, at: datetime, event_id: UUID | None = None) -> NewEvent:
    """Return another event with the same payload."""
    return NewEvent(
        event_id=event_id or uuid7(),
        type=event.type,
        schema_version=event.schema_version,
        data=event.data,
        metadata=event.metadata,
        occurred_at=at,
    )
