"""Reading the log: a stream, a partition, several partitions, the heads. One statement each."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias

import asyncpg

from app.event_store.codec import Codec
from app.event_store.connections import Queryable
from app.event_store.recorded_event import E, Recorded, StoredEvent

Place: TypeAlias = tuple[int, int]
"""A partition, and a position in it."""

STREAM_EVENTS_MAX = 10_000

READ_STREAM = """
SELECT e.partition_id, e.position, e.stream_id, e.version, e.event_id, e.type, e.schema_version,
       e.data, e.metadata, e.occurred_at, e.recorded_at
FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id = $2 AND e.version > $3
ORDER BY e.version
LIMIT $4
"""

# A request that was answered before needs no state, so its row comes instead of the events.
LOAD = """
SELECT NULL::smallint AS partition_id, NULL::bigint AS position, NULL::text AS stream_id,
       NULL::integer AS version, NULL::uuid AS event_id, NULL::text AS type,
       NULL::smallint AS schema_version, NULL::jsonb AS data, NULL::jsonb AS metadata,
       NULL::timestamptz AS occurred_at, NULL::timestamptz AS recorded_at,
       k.fingerprint, k.status, k.response
FROM after_sales.idempotency_keys AS k
WHERE k.partition_id = $1 AND k.scope = $4 AND k.key = $5
UNION ALL
SELECT e.partition_id, e.position, e.stream_id, e.version, e.event_id, e.type, e.schema_version,
       e.data, e.metadata, e.occurred_at, e.recorded_at, NULL, NULL, NULL
FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id = $2 AND e.version > $3
  AND NOT EXISTS (
      SELECT FROM after_sales.idempotency_keys AS k
      WHERE k.partition_id = $1 AND k.scope = $4 AND k.key = $5)
ORDER BY 4
LIMIT $6
"""

READ_PARTITION = """
SELECT e.partition_id, e.position, e.stream_id, e.version, e.event_id, e.type, e.schema_version,
       e.data, e.metadata, e.occurred_at, e.recorded_at
FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.position > $2
ORDER BY e.position
LIMIT $3
"""

READ_PLACES = """
SELECT e.partition_id, e.position, e.stream_id, e.version, e.event_id, e.type, e.schema_version,
       e.data, e.metadata, e.occurred_at, e.recorded_at, w.position AS after_position
FROM unnest($1::smallint[], $2::bigint[]) AS w(partition_id, position)
CROSS JOIN LATERAL (
    SELECT f.partition_id, f.position, f.stream_id, f.version, f.event_id, f.type,
           f.schema_version, f.data, f.metadata, f.occurred_at, f.recorded_at
    FROM after_sales.events AS f
    WHERE f.partition_id = w.partition_id AND f.position > w.position
    ORDER BY f.position
    LIMIT $3
) AS e
"""

READ_VERSION = """
SELECT coalesce(max(e.version), 0) AS version FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id = $2
"""

READ_HEADS = "SELECT h.partition_id, h.position FROM after_sales.log_heads AS h"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRequest:
    """A request answered before: the fingerprint of its body, and its answer."""

    fingerprint: bytes
    status: int
    response: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Generic[E]):
    """What a command needs: its request if answered before, and otherwise the stream's events."""

    request: StoredRequest | None
    events: list[Recorded[E]]


class EventLog(Generic[E]):
    """The log decoded with one codec. Methods may raise UndecodableEvent and what asyncpg does."""

    def __init__(self, codec: Codec[E]) -> None:
        self._codec = codec

    async def read_stream(
        self,
        connection: Queryable,
        partition_id: int,
        stream_id: str,
        *,
        after_version: int = 0,
        limit: int = STREAM_EVENTS_MAX,
    ) -> list[Recorded[E]]:
        """Return a stream's events after a version, in order of version."""
        rows = await connection.fetch(READ_STREAM, partition_id, stream_id, after_version, limit)
        return [self._codec.recorded(stored_event(row)) for row in rows]

    async def load(
        self,
        connection: Queryable,
        partition_id: int,
        stream_id: str,
        *,
        after_version: int = 0,
        scope: str | None = None,
        key: str | None = None,
        limit: int = STREAM_EVENTS_MAX,
    ) -> Loaded[E]:
        """Return the request stored under (scope, key) or else the stream's events after a version.

        One round trip. With a stored request ``events`` is empty.
        """
        rows = await connection.fetch(
            LOAD, partition_id, stream_id, after_version, scope, key, limit
        )
        if rows and rows[0]["fingerprint"] is not None:
            fingerprint, status, response = (
                rows[0][name] for name in ("fingerprint", "status", "response")
            )
            request = StoredRequest(fingerprint=fingerprint, status=status, response=response)
            return Loaded(request=request, events=[])
        events = [self._codec.recorded(stored_event(row)) for row in rows]
        return Loaded(request=None, events=events)

    async def read_partition(
        self, connection: Queryable, partition_id: int, *, after_position: int = 0, limit: int
    ) -> list[Recorded[E]]:
        """Return a partition's events after a position, in order of position."""
        rows = await connection.fetch(READ_PARTITION, partition_id, after_position, limit)
        return [self._codec.recorded(stored_event(row)) for row in rows]


async def read_partition_stored(
    connection: Queryable, partition_id: int, *, after_position: int, limit: int
) -> list[StoredEvent]:
    """Return a partition's rows after a position, in order, not decoded."""
    rows = await connection.fetch(READ_PARTITION, partition_id, after_position, limit)
    return [stored_event(row) for row in rows]


async def read_places_stored(
    connection: Queryable, places: Sequence[Place], *, limit_each: int
) -> dict[Place, list[StoredEvent]]:
    """Return the rows after each of several places, each in order, not decoded.

    For a single Postgres: on Citus a statement keeps to one partition.
    """
    partition_ids = [partition_id for partition_id, _ in places]
    positions = [position for _, position in places]
    found: dict[Place, list[StoredEvent]] = {place: [] for place in places}
    for row in await connection.fetch(READ_PLACES, partition_ids, positions, limit_each):
        found[row["partition_id"], row["after_position"]].append(stored_event(row))
    return found


async def read_version(connection: Queryable, partition_id: int, stream_id: str) -> int:
    """Return how many events a stream has."""
    row = await connection.fetchrow(READ_VERSION, partition_id, stream_id)
    assert row is not None  # noqa: S101 - an aggregate has a row in any case
    return int(row["version"])


async def read_heads(connection: Queryable) -> dict[int, int]:
    """Return the last position of every partition, 0 where nothing was appended yet."""
    rows = await connection.fetch(READ_HEADS)
    return {row["partition_id"]: row["position"] for row in rows}


def stored_event(row: asyncpg.Record) -> StoredEvent:
    """Return a row that begins with the columns of the events table as a stored event."""
    return StoredEvent(
        partition_id=row["partition_id"],
        position=row["position"],
        stream_id=row["stream_id"],
        version=row["version"],
        event_id=row["event_id"],
        type=row["type"],
        schema_version=row["schema_version"],
        data=row["data"],
        metadata=row["metadata"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
    )


EVENTS_AT_ONCE_MAX = 4_000
"""More are read in several parts, unless one stream alone is longer."""

# LIMIT keeps the planner from joining, so that each stream is read separately.
READ_BEGINNINGS = """
SELECT e.partition_id, e.position, e.stream_id, e.version, e.event_id, e.type, e.schema_version,
       e.data, e.metadata, e.occurred_at, e.recorded_at
FROM unnest($2::text[], $3::integer[]) AS k(stream_id, up_to)
CROSS JOIN LATERAL (
    SELECT f.partition_id, f.position, f.stream_id, f.version, f.event_id, f.type,
           f.schema_version, f.data, f.metadata, f.occurred_at, f.recorded_at
    FROM after_sales.events AS f
    WHERE f.partition_id = $1 AND f.stream_id = k.stream_id AND f.version <= k.up_to
    ORDER BY f.version
    LIMIT k.up_to
) AS e
"""


async def read_beginnings(
    connection: Queryable, codec: Codec[E], partition_id: int, up_to: Mapping[str, int]
) -> AsyncIterator[tuple[str, list[Recorded[E]]]]:
    """Yield each stream of a partition with its events up to and including a version, in order.

    Streams are in no order; those of version 0 are left out. Raises UndecodableEvent.
    """
    for part in parts_of(up_to):
        found: dict[str, list[Recorded[E]]] = {stream_id: [] for stream_id in part}
        rows = await connection.fetch(
            READ_BEGINNINGS, partition_id, list(part), list(part.values())
        )
        for row in rows:
            found[row["stream_id"]].append(codec.recorded(stored_event(row)))
        for stream_id, events in found.items():
            events.sort(key=lambda recorded: recorded.version)
            yield stream_id, events


def parts_of(up_to: Mapping[str, int]) -> list[dict[str, int]]:
    """Divide streams into parts of at most `EVENTS_AT_ONCE_MAX` events."""
    parts: list[dict[str, int]] = []
    free = 0
    for stream_id, version in up_to.items():
        if version < 1:
            continue
        if version > free:
            parts.append({})
            free = EVENTS_AT_ONCE_MAX
        parts[-1][stream_id] = version
        free -= version
    return parts
