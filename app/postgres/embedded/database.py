"""The database a process works on: the one that is set, or the embedded one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import asyncpg

from app.postgres.embedded import EmbeddedPostgresMissing
from app.postgres.pool import plain_url
from app.settings import Settings

EMBEDDED_DATABASE = "aftersales"


@asynccontextmanager
async def database_url(settings: Settings) -> AsyncIterator[str]:
    """Yield the plain URL of the database, starting the embedded server if none is set.

    The embedded server runs until its last user has finished. Raises `EmbeddedPostgresError`.
    """
    if settings.database_url is not None:
        yield plain_url(settings.database_url)
        return
    embedded = _embedded_url(settings)
    url = await asyncio.to_thread(embedded.__enter__)
    try:
        yield url
    finally:
        await asyncio.to_thread(embedded.__exit__, None, None, None)


@contextmanager
def _embedded_url(settings: Settings) -> Iterator[str]:
    try:
        from app.postgres.embedded.sharing import shared_postgres  # noqa: PLC0415 - needs an extra
    except ModuleNotFoundError as missing:
        raise EmbeddedPostgresMissing from missing
    with shared_postgres(settings.data_dir / "postgres") as server:
        asyncio.run(_create_database(server.url()))
        yield server.url(EMBEDDED_DATABASE)


async def _create_database(server_url: str) -> None:
    connection = await asyncpg.connect(server_url)
    try:
        with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            await connection.execute(f"CREATE DATABASE {EMBEDDED_DATABASE}")
    finally:
        await connection.close()
