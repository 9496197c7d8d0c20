"""One read of the log for all readers that stand at the same position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from app.event_store.codec import Codec, UndecodableEvent
from app.event_store.connections import Connection
from app.event_store.log import Place, read_partition_stored, read_places_stored
from app.event_store.recorded_event import E, Recorded, StoredEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Poison:
    """An event that cannot be decoded, and why."""

    position: int
    error: UndecodableEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed(Generic[E]):
    """The events after one place, in order, up to the first that cannot be decoded."""

    events: list[Recorded[E]]
    poison: Poison | None


async def read_feeds(
    connection: Connection, codec: Codec[E], places: Sequence[Place], *, limit_each: int
) -> dict[Place, Feed[E]]:
    """Return what follows each place, at most ``limit_each`` events for each.

    Places in several partitions are for a single Postgres only.
    """
    return {
        place: decode_feed(codec, rows)
        for place, rows in (await _read(connection, places, limit_each)).items()
    }


def decode_feed(codec: Codec[E], rows: Sequence[StoredEvent]) -> Feed[E]:
    """Decode rows as far as possible."""
    events: list[Recorded[E]] = []
    for row in rows:
        try:
            events.append(codec.recorded(row))
        except UndecodableEvent as error:
            return Feed(events=events, poison=Poison(position=row.position, error=error))
    return Feed(events=events, poison=None)


async def _read(
    connection: Connection, places: Sequence[Place], limit_each: int
) -> dict[Place, list[StoredEvent]]:
    if len({partition_id for partition_id, _ in places}) > 1:
        return await read_places_stored(connection, places, limit_each=limit_each)
    return {
        (partition_id, position): await read_partition_stored(
            connection, partition_id, after_position=position, limit=limit_each
        )
        for partition_id, position in places
    }
