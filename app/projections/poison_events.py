"""Telling a poison event from a database that is in trouble."""

import asyncpg

from app.event_store.connections import Connection
from app.log_exceptions import text_without_values
from app.postgres.pool import DatabaseUnavailable

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
