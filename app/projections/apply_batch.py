"""Letting one reader apply what it claimed, and finding the event to blame if it cannot."""

from collections.abc import Mapping, Sequence
from itertools import chain

import asyncpg
import structlog

from app.event_store.connections import Connection
from app.event_store.log import Place
from app.event_store.recorded_event import E
from app.log_exceptions import text_without_values
from app.postgres.pool import DatabaseUnavailable
from app.projections.claims import Claim, Progress
from app.projections.log_feed import Feed
from app.projections.projection import Projection

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
