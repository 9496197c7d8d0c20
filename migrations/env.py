"""Run migrations on the connection handed over, or on the database in the settings."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text

from app.event_store.citus import migration_topology
from app.event_store.tables import SCHEMA
from app.migrate import connected, prepare_database
from app.postgres.embedded.database import database_url
from app.projection_registry import metadata
from app.settings import Settings
from app.topology import Topology


def migrate(connection: Connection) -> None:
    """Run the command alembic was asked for on `connection`, in its transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=SCHEMA,
        include_schemas=True,
        include_name=_is_ours,
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        if migration_topology() is Topology.CITUS:
            # Tables, functions and rows in one transaction: Citus then must not use parallel
            # connections to its nodes, which would not see each other's work.
            connection.execute(text("SET LOCAL citus.multi_shard_modify_mode = 'sequential'"))
        context.run_migrations()


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "schema" or name == metadata.schema


async def migrate_the_database_in_the_settings() -> None:
    """Serve the `alembic` command, which hands over no connection."""
    settings = Settings()
    context.config.attributes.setdefault("topology", settings.topology)
    async with database_url(settings) as url, connected(url) as connection:
        await prepare_database(connection)
        await connection.run_sync(migrate)


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    migrate(handed_over)
else:
    asyncio.run(migrate_the_database_in_the_settings())
