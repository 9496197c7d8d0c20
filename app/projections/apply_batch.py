"""Lets one reader apply what it claimed, and finds the event to blame if it cannot.

One read of the log serves all readers that stand at the same position.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Generic

import asyncpg
import structlog

from app.event_store.codec import Codec, UndecodableEvent
from app.event_store.connections import Connection
from app.event_store.log import Place, read_partition_stored, read_places_stored
from app.event_store.recorded_event import E, Recorded, StoredEvent
from app.logs import text_without_values
from app.postgres.pool import DatabaseUnavailable
from app.projections.claims import Claim, Progress
from app.projections.projection import Projection


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


_log = structlog.get_logger(__name__)


async def apply_claims(
    connection: Connection,
    reader: Projection[E],
    claims: Sequence[Claim],
    feeds: Mapping[Place, Feed[E]],
) -> list[Progress]:
    """Apply all a reader claimed, in a savepoint of its own; raises only if the database fails.

    If it cannot apply the whole, it goes on event by event and stops, partition by partition, at
    the event it cannot apply.
    """
    own = [(claim, feeds[claim.partition_id, claim.position]) for claim in claims]
    events = list(chain.from_iterable(feed.events for _, feed in own))
    try:
        async with connection.transaction():
            if events:
                await reader.apply(connection, events)
    except Exception as error:
        if is_database_trouble(error, connection):
            raise
        _log.warning("reader_cannot_apply_batch", reader=reader.name, events=len(events))
        return [await _apply_one_by_one(connection, reader, claim, feed) for claim, feed in own]
    return [_progress_through(claim, feed) for claim, feed in own]


async def _apply_one_by_one(
    connection: Connection, reader: Projection[E], claim: Claim, feed: Feed[E]
) -> Progress:
    position = claim.position
    for event in feed.events:
        try:
            async with connection.transaction():
                await reader.apply(connection, [event])
        except Exception as error:
            if is_database_trouble(error, connection):
                raise
            _log.exception(
                "reader_stopped",
                reader=reader.name,
                partition_id=claim.partition_id,
                position=event.position,
            )
            return Progress(
                claim=claim,
                position=position,
                error=error_text(error),
                failed_position=event.position,
            )
        position = event.position
    return _progress_through(claim, feed)


def _progress_through(claim: Claim, feed: Feed[E]) -> Progress:
    position = feed.events[-1].position if feed.events else claim.position
    if feed.poison is None:
        return Progress(claim=claim, position=position)
    _log.error(
        "reader_stopped",
        reader=claim.reader,
        partition_id=claim.partition_id,
        position=feed.poison.position,
        reason=error_text(feed.poison.error),
    )
    return Progress(
        claim=claim,
        position=position,
        error=error_text(feed.poison.error),
        failed_position=feed.poison.position,
    )


ERROR_TEXT_MAX = 2_000
"""Longest error text kept in a checkpoint, in characters."""

_TROUBLE = (
    OSError,  # TimeoutError among them
    DatabaseUnavailable,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
)


def is_database_trouble(error: Exception, connection: Connection | None) -> bool:
    """Return whether doing the same again later may work, so that no event is to blame."""
    return isinstance(error, _TROUBLE) or (connection is not None and connection.is_closed())


def error_text(error: Exception) -> str:
    """Return the class and text of an error as they are stored: bounded, without values."""
    text = f"{type(error).__name__}: {text_without_values(error)}"
    # The database's text cannot hold NUL, which a message may quote.
    return text.replace("\0", "\\0")[:ERROR_TEXT_MAX]
