"""Reading the beginnings of several streams of a partition, in bounded parts."""

from collections.abc import AsyncIterator, Mapping

from app.event_store.codec import Codec
from app.event_store.connections import Queryable
from app.event_store.log import stored_event
from app.event_store.recorded_event import E, Recorded

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
