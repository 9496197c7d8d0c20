"""Connections to PostgreSQL, and one exception for their failures."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.settings import Settings

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

CONNECTION_FAILURES: tuple[type[Exception], ...] = (
    OSError,  # includes TimeoutError and every refused or reset connection
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    PoolTimeout,
)
"""What asyncpg and the engine's pool raise when the server is unavailable."""


class DatabaseUnavailable(Exception):
    """The database cannot be reached now; the same request may work later."""


@contextmanager
def connection_failures_named() -> Iterator[None]:
    """Turn every failure of the connection, not of the statement, into `DatabaseUnavailable`."""
    try:
        yield
    except CONNECTION_FAILURES as failure:
        if isinstance(failure, asyncpg.InterfaceError) and "clos" not in str(failure):
            raise  # asyncpg's word for a closed connection, but for wrong calls as well
        raise DatabaseUnavailable(str(failure) or type(failure).__name__) from failure
    except DBAPIError as failure:
        cause = failure.orig.__cause__ if failure.orig is not None else None
        if failure.connection_invalidated or isinstance(cause, CONNECTION_FAILURES):
            raise DatabaseUnavailable(str(cause or failure)) from failure
        raise


def plain_url(url: str) -> str:
    """Return `url` without a driver's name (`postgresql+asyncpg`)."""
    parts = urlsplit(url)
    if parts.scheme.split("+")[0] not in {"postgres", "postgresql"}:
        raise ValueError("a database URL starts with postgresql://")
    return urlunsplit(parts._replace(scheme="postgresql"))


def with_database(url: str, name: str) -> str:
    """Return `url` pointing at another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


async def connect(url: str, settings: Settings) -> Connection:
    """Open a connection outside the pools, for LISTEN and the like."""
    with connection_failures_named():
        return await asyncpg.connect(plain_url(url), **_connect_arguments(settings))


@asynccontextmanager
async def open_pool(url: str, settings: Settings) -> AsyncIterator[Pool]:
    """Open the pool of the hot statements and close it at the end.

    Releasing a connection costs no round trip, so its state must be as when it was acquired:
    nothing may be SET, listened to or locked beyond a transaction on it.
    """
    with connection_failures_named():
        pool = await asyncpg.create_pool(
            plain_url(url),
            min_size=settings.pool_size_min,
            max_size=settings.pool_size_max,
            reset=_leave_as_it_is,
            **_connect_arguments(settings),
        )
    try:
        yield pool
    finally:
        await _close(pool, settings.connect_timeout_seconds)


@asynccontextmanager
async def open_engine(url: str, settings: Settings) -> AsyncIterator[AsyncEngine]:
    """Open the SQLAlchemy engine of the list queries and dispose of it at the end.

    A lone query is one round trip: no transaction is opened around it. Who needs several
    statements to agree asks for `execution_options(isolation_level="REPEATABLE READ")`.
    """
    engine = make_engine(url, settings)
    try:
        yield engine
    finally:
        await engine.dispose()


def make_engine(url: str, settings: Settings) -> AsyncEngine:
    """Return an engine that connects like the pool; the caller disposes of it."""

    async def open_connection(*_: object, **__: object) -> Connection:
        return await asyncpg.connect(plain_url(url), **_connect_arguments(settings))

    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"}
    if not settings.prepared_statements:
        # A pooler in transaction mode may send parse and execute to different servers unless
        # a transaction holds them together; unnamed statements cannot clash between clients.
        options = {"connect_args": {"prepared_statement_cache_size": 0}}
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=open_connection,
        hide_parameters=True,  # in the texts of failures, which are logged
        pool_size=settings.query_pool_size_max,
        max_overflow=0,
        pool_timeout=settings.connect_timeout_seconds,
        **options,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_a_closed_connection)
    return engine


def _connect_arguments(settings: Settings) -> dict[str, Any]:
    return {
        "timeout": settings.connect_timeout_seconds,
        "command_timeout": settings.command_timeout_seconds,
        "statement_cache_size": 100 if settings.prepared_statements else 0,
        "server_settings": {"application_name": "aftersales"},
    }


async def _leave_as_it_is(_connection: object) -> None:
    """Stand in for asyncpg's reset query, which would cost a round trip per release."""


async def _close(pool: Pool, timeout_seconds: float) -> None:
    try:
        async with asyncio.timeout(timeout_seconds):
            await pool.close()
    except CONNECTION_FAILURES:
        pool.terminate()


def _refuse_a_closed_connection(dbapi_connection: Any, _record: object, _proxy: object) -> None:
    """Make the engine's pool reconnect when the server closed an idle connection."""
    if dbapi_connection.driver_connection.is_closed():
        raise DisconnectionError("the server closed this connection")
