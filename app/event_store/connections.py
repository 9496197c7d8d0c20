"""What the event store needs of a database connection."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

if TYPE_CHECKING:
    OwnConnection: TypeAlias = asyncpg.Connection[asyncpg.Record]
    Connection: TypeAlias = OwnConnection | PoolConnectionProxy[asyncpg.Record]
else:  # asyncpg's classes are generic to the type checker only
    OwnConnection = asyncpg.Connection
    """A connection that is not from a pool; its opener closes it."""
    Connection = OwnConnection | PoolConnectionProxy
    """A session with the database, for transactions."""

Connect: TypeAlias = Callable[[], Awaitable[OwnConnection]]
"""Opens a connection; raises OSError, asyncpg's errors or `DatabaseUnavailable`."""

LOST_CONNECTION = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InternalClientError,
)
"""What asyncpg raises when a connection is unavailable, lost, or about to be closed."""


class Queryable(Protocol):
    """A pool or a connection: what can run a single statement."""

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """Run one statement and return its rows."""
        ...

    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None:
        """Run one statement and return its first row, if any."""
        ...
