"""Connections: their failures have one name, and they come back with the server."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import asyncpg
import pytest
from sqlalchemy import text

from app.clock import ManualClock
from app.postgres.embedded.postgres import PostgresServer, temporary_postgres
from app.postgres.pool import (
    DatabaseUnavailable,
    connect,
    connection_failures_named,
    plain_url,
    with_database,
)
from app.resources import Resources, open_resources
from app.settings import Settings

RECOVERY_DEADLINE_SECONDS = 30


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """Run a server that only this test uses, and may stop."""
    with temporary_postgres(durable=False) as running:
        yield running


@pytest.fixture
def settings(server: PostgresServer) -> Settings:
    """Return settings that point at this test's server."""
    return Settings(_env_file=None, database_url=server.url(), connect_timeout_seconds=2)


async def test_pool_and_engine_come_back_by_themselves_after_the_server_was_away(
    settings: Settings, server: PostgresServer
) -> None:
    async with open_resources(settings, ManualClock(datetime(2021, 3, 15, tzinfo=UTC))) as opened:
        for ask in (_ask_the_pool, _ask_the_engine):
            assert await ask(opened) == 1
            server.kill()
            with pytest.raises(DatabaseUnavailable):
                await ask(opened)
            server.start()
            await _until_it_answers(lambda ask=ask: ask(opened))  # type: ignore[misc]


async def test_a_restart_that_nobody_noticed_costs_no_query(
    settings: Settings, server: PostgresServer
) -> None:
    async with open_resources(settings, ManualClock(datetime(2021, 3, 15, tzinfo=UTC))) as opened:
        for ask in (_ask_the_pool, _ask_the_engine):
            assert await ask(opened) == 1
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        for ask in (_ask_the_pool, _ask_the_engine):
            assert await ask(opened) == 1


async def test_a_process_may_start_while_the_database_is_away(
    settings: Settings, server: PostgresServer
) -> None:
    server.stop()
    async with open_resources(settings, ManualClock(datetime(2021, 3, 15, tzinfo=UTC))) as opened:
        with pytest.raises(DatabaseUnavailable):
            await _ask_the_pool(opened)
        server.start()
        assert await _ask_the_pool(opened) == 1


async def test_a_connection_of_ones_own_that_cannot_be_had_has_the_same_failure(
    settings: Settings, server: PostgresServer
) -> None:
    server.stop()
    with pytest.raises(DatabaseUnavailable):
        await connect(server.url(), settings)


async def test_waiting_for_a_free_connection_ends_as_unavailable(
    settings: Settings, server: PostgresServer
) -> None:
    narrow = settings.model_copy(update={"pool_size_max": 1})
    async with (
        open_resources(narrow, ManualClock(datetime(2021, 3, 15, tzinfo=UTC))) as opened,
        opened.pool.acquire(),
    ):
        with pytest.raises(DatabaseUnavailable), connection_failures_named():
            await opened.pool.acquire(timeout=0.05)


async def test_a_mistake_in_a_statement_is_not_called_unavailable(resources: Resources) -> None:
    with pytest.raises(asyncpg.UndefinedTableError), connection_failures_named():
        await resources.pool.fetchval("SELECT 1 FROM no_such_table")
    with pytest.raises(asyncpg.exceptions.DataError), connection_failures_named():
        await resources.pool.fetchval("SELECT $1::bigint", 2**63)
    with pytest.raises(asyncpg.InterfaceError), connection_failures_named():
        await resources.pool.fetchval("SELECT $1::bigint")


async def test_a_released_connection_leaves_no_transaction_open(resources: Resources) -> None:
    async with resources.pool.acquire() as connection:
        await connection.execute("BEGIN")
    async with resources.pool.acquire() as connection:
        assert not connection.is_in_transaction()


async def test_a_lone_query_of_the_engine_opens_no_transaction(resources: Resources) -> None:
    async with resources.engine.connect() as connection:
        moments = [
            (await connection.execute(text("SELECT transaction_timestamp()"))).scalar_one()
            for _ in range(2)
        ]
    assert moments[0] != moments[1]


async def test_without_prepared_statements_none_are_left_on_the_server(
    settings: Settings,
) -> None:
    behind_a_pooler = settings.model_copy(update={"prepared_statements": False})
    clock = ManualClock(datetime(2021, 3, 15, tzinfo=UTC))
    prepared = "SELECT count(*) FROM pg_prepared_statements WHERE name <> ''"
    async with open_resources(behind_a_pooler, clock) as opened:
        async with opened.pool.acquire() as connection:
            await connection.fetchval("SELECT $1::int", 1)
            assert await connection.fetchval(prepared) == 0
        async with opened.engine.connect() as session:
            await session.execute(text("SELECT CAST(:one AS int)"), {"one": 1})
            assert (await session.execute(text(prepared))).scalar_one() == 0


@pytest.mark.parametrize(
    "written", ["postgres://u:p@h:1/d", "postgresql://u:p@h:1/d", "postgresql+asyncpg://u:p@h:1/d"]
)
def test_a_database_url_may_be_written_in_any_of_the_usual_ways(written: str) -> None:
    assert plain_url(written) == "postgresql://u:p@h:1/d"


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(ValueError, match="postgresql://"):
        plain_url("mysql://host/orders")


def test_the_same_server_has_other_databases() -> None:
    url = "postgresql://postgres@/postgres?host=/a/folder"
    assert with_database(url, "other") == "postgresql://postgres@/other?host=/a/folder"


async def _ask_the_pool(resources: Resources) -> int:
    with connection_failures_named():
        return int(await resources.pool.fetchval("SELECT 1"))


async def _ask_the_engine(resources: Resources) -> int:
    with connection_failures_named():
        async with resources.engine.connect() as connection:
            return int((await connection.execute(text("SELECT 1"))).scalar_one())


async def _until_it_answers(ask: Callable[[], Awaitable[int]]) -> None:
    deadline = time.monotonic() + RECOVERY_DEADLINE_SECONDS
    answer = None
    while answer is None:
        with suppress(DatabaseUnavailable):
            answer = await ask()
        assert time.monotonic() < deadline, "the connections did not come back"
        await asyncio.sleep(0.01)
    assert answer == 1
