"""The usual way to append: one autocommit INSERT per command, into a table like the log's."""

import itertools
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from uuid_utils.compat import uuid7

from app.event_store.append import NewEvent
from app.event_store.connections import Queryable

CREATE_BASELINE = """
CREATE SCHEMA bench;
CREATE TABLE bench.events (LIKE after_sales.events INCLUDING ALL);
"""
"""Same columns, defaults, constraints and indexes as the log; nothing else in the way."""

EVENT_COLUMNS = (
    "partition_id",
    "position",
    "stream_id",
    "version",
    "event_id",
    "type",
    "schema_version",
    "data",
    "metadata",
    "occurred_at",
)

INSERT = f"""
INSERT INTO bench.events ({", ".join(EVENT_COLUMNS)})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
RETURNING recorded_at
"""

EventRow: TypeAlias = tuple[Any, ...]
"""The values of `EVENT_COLUMNS`."""

_positions = itertools.count(1)


async def insert_event(
    database: Queryable, partition_id: int, stream_id: str, version: int, event: NewEvent
) -> None:
    """Insert one event in a separate transaction. Positions are simply counted here."""
    row = event_row((partition_id, next(_positions)), stream_id, version, event)
    await database.fetchrow(INSERT, *row)


def event_row(place: tuple[int, int], stream_id: str, version: int, event: NewEvent) -> EventRow:
    """Return the row of an event at a place of the log: its partition, and a position there."""
    return (
        *place,
        stream_id,
        version,
        event.event_id,
        event.type,
        event.schema_version,
        event.data,
        event.metadata,
        event.occurred_at,
    )


def like(event: NewEvent, at: datetime) -> NewEvent:
    """Return another event with the same payload."""
    return replace(event, event_id=uuid7(), occurred_at=at)
