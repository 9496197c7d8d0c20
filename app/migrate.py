"""Bring a database to the schema this code expects."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from app.event_store.tables import SCHEMA
from app.postgres.pool import connection_failures_named, plain_url
from app.topology import Topology

MIGRATIONS = Path(__file__).parent.parent / "migrations"

LOCK_KEY = 0x6166_7465_7273  # spells "afters"
"""Key of the advisory lock that lets one process migrate a database at a time."""


async def migrate(url: str, *, topology: Topology = Topology.SINGLE) -> None:
    """Run every migration the database at `url` has not seen, all of them or none.

    Safe to call at any time and from several processes at once. On `citus` the migrations also
    distribute the tables. Raises `DatabaseUnavailable`.
    """
    config = _config()
    config.attributes["topology"] = topology
    with connection_failures_named():
        async with connected(url) as connection:
            await prepare_database(connection)
            await connection.run_sync(_upgrade, config)


async def is_migrated(url: str) -> bool:
    """Return whether the database at `url` is at the newest migration this code knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    with connection_failures_named():
        async with connected(url) as connection:
            return await connection.run_sync(_revision) == newest


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AsyncConnection]:
    """Open a connection whose transaction commits at the end, unless the block raises."""

    async def open_connection(*_: object, **__: object) -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(plain_url(url), statement_cache_size=0)

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=open_connection,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={"prepared_statement_cache_size": 0},
    )
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


async def prepare_database(connection: AsyncConnection) -> None:
    """Wait for any other migration to end and make the schema that holds everything."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
    await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _upgrade(connection: Connection, config: Config) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    options = {"version_table_schema": SCHEMA}
    return MigrationContext.configure(connection, opts=options).get_current_revision()
