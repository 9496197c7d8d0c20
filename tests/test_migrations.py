"""Migrations build what the tables say, from nothing, once, whoever runs them."""

import asyncio
from uuid import UUID

import asyncpg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

from app.event_store.tables import SCHEMA
from app.migrate import MIGRATIONS, connected, is_migrated, migrate
from app.projection_registry import metadata

DEADLINE_OF_0004 = """
INSERT INTO after_sales.deadlines (partition_id, stream_id, kind, due_at)
VALUES (1, 'order/shop/order', 'ticket/1', now())
"""
LOG_LINE_OF_0004 = """
INSERT INTO after_sales.operation_log
    (partition_id, stream_id, version, event_id, occurred_at, recorded_at, actor_role, actor_id,
     code, subject, params)
VALUES (1, 'order/shop/order', 1, gen_random_uuid(), now(), now(), 'platform', 'key', 'code',
        'order', '{}')
"""
QUEUED_WITH_PERSONAL_DATA = """
WITH endpoint AS (
    INSERT INTO after_sales.webhook_endpoints
        (partition_id, endpoint_id, url, ordered, include, api_version, header_names, public_key,
         secrets_sealed, enabled, since_position, version, created_at, changed_at)
    VALUES (1, $1, 'https://example.com', false, '{personal_data}', '2026-11-01', '{}', '', '',
            true, 0, 1, now(), now())
), message AS (
    INSERT INTO after_sales.webhook_messages
        (partition_id, message_id, api_version, body, kept_from)
    VALUES (1, $1, '2026-11-01+personal_data', $2, now())
)
INSERT INTO after_sales.webhook_deliveries
    (partition_id, endpoint_id, message_id, api_version, position, ordinal, shop_id, stream_id,
     type, cause, state, attempts, failures, due_at, created_at)
VALUES (1, $1, $1, '2026-11-01+personal_data', 1, 0, 'shop', 'order/shop/order', 'entry.opened',
        'event', 'queued', 0, 0, now(), now())
"""
SENT_OF_IT = """
SELECT m.body FROM after_sales.webhook_deliveries AS d
JOIN after_sales.webhook_messages AS m USING (partition_id, message_id, api_version)
"""
JUDGING_BY_CLOCK = """
SELECT p.proname FROM pg_proc AS p
WHERE p.pronamespace = 'after_sales'::regnamespace AND p.prosrc LIKE '%test_clocks%'
"""


async def test_migrations_build_exactly_the_tables_the_code_declares(database: str) -> None:
    async with connected(database) as connection:
        assert await connection.run_sync(_differences) == []


async def test_an_empty_database_is_told_from_a_migrated_one(empty_database: str) -> None:
    assert not await is_migrated(empty_database)
    await migrate(empty_database)
    assert await is_migrated(empty_database)


async def test_four_processes_migrating_at_once_migrate_once(empty_database: str) -> None:
    await asyncio.gather(*(migrate(empty_database) for _ in range(4)))
    connection = await asyncpg.connect(empty_database)
    versions = await connection.fetch(f"SELECT version_num FROM {SCHEMA}.alembic_version")
    await connection.close()
    assert len(versions) == 1


async def test_what_was_there_before_test_clocks_is_of_the_systems_clock(
    empty_database: str,
) -> None:
    await migrate(empty_database)
    async with connected(empty_database) as connection:
        await connection.run_sync(_downgrade, "0004")
    raw = await asyncpg.connect(empty_database)
    await raw.execute(DEADLINE_OF_0004)
    await raw.execute(LOG_LINE_OF_0004)
    async with connected(empty_database) as connection:
        await connection.run_sync(_upgrade, "0005")
    deadline = await raw.fetchrow(f"SELECT test_shop_id FROM {SCHEMA}.deadlines")
    line = await raw.fetchrow(f"SELECT clock FROM {SCHEMA}.operation_log")
    functions = await raw.fetch(JUDGING_BY_CLOCK)
    await raw.close()
    assert [tuple(row) for row in (deadline, line) if row] == [(None,), ("system",)]
    assert {row["proname"] for row in functions} == {"append", "append_across"}


async def test_a_release_that_knows_no_personal_data_finds_none_in_what_is_queued(
    empty_database: str,
) -> None:
    await migrate(empty_database)
    raw = await asyncpg.connect(empty_database)
    body = '{"id":"1","data":{"order":{},"personal":{"description":"\\",\\"personal\\":"}}}'
    await raw.execute(QUEUED_WITH_PERSONAL_DATA, UUID(int=1), body)
    async with connected(empty_database) as connection:
        await connection.run_sync(_downgrade, "0019")
    sent = await raw.fetch(SENT_OF_IT)
    kept = await raw.fetchval("SELECT count(*) FROM after_sales.webhook_messages")
    await raw.close()
    assert ([row["body"] for row in sent], kept) == (['{"id":"1","data":{"order":{}}}'], 1)


async def test_everything_lives_in_one_schema_of_its_own(database: str) -> None:
    connection = await asyncpg.connect(database)
    elsewhere = await connection.fetch(
        "SELECT oid::regclass::text FROM pg_class"
        " WHERE relnamespace NOT IN ($1::regnamespace, 'pg_catalog'::regnamespace,"
        " 'information_schema'::regnamespace, 'pg_toast'::regnamespace)",
        SCHEMA,
    )
    await connection.close()
    assert elsewhere == []


def test_every_key_begins_with_the_partition() -> None:
    keys = [
        constraint
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint | ForeignKeyConstraint)
    ]
    unique_indexes = [
        index for table in metadata.tables.values() for index in table.indexes if index.unique
    ]
    assert keys
    not_beginning_so = [
        str(key.name)
        for key in (*keys, *unique_indexes)
        if next(iter(key.columns)).name != "partition_id"
    ]
    assert not_beginning_so == []


def _downgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.downgrade(config, revision)


def _upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
            "version_table_schema": SCHEMA,
            "compare_type": True,
            "compare_server_default": True,
        },
    )
    return list(compare_metadata(context, metadata))
