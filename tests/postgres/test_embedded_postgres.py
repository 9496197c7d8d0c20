"""One embedded server: it starts anywhere, outlives crashes and keeps what was committed."""

from pathlib import Path

import asyncpg
import psutil
import pytest

from app.postgres.embedded.postgres import PostgresServer, temporary_postgres


async def test_the_server_is_postgresql_18_with_durable_settings() -> None:
    with temporary_postgres() as server:
        connection = await asyncpg.connect(server.url())
        assert connection.get_server_version().major == 18
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert await connection.fetchval(f"SHOW {setting}") == "on"
        await connection.close()


def test_the_server_never_runs_as_root() -> None:
    with temporary_postgres(durable=False) as server:
        process_id = server.process_id()
        assert process_id is not None
        assert 0 not in psutil.Process(process_id).uids()


async def test_what_was_committed_survives_a_kill_of_the_whole_server() -> None:
    with temporary_postgres() as server:
        connection = await asyncpg.connect(server.url())
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("CREATE TABLE lost AS SELECT 0 AS answer")
        server.kill()
        assert not server.accepts_connections()
        server.start()
        again = await asyncpg.connect(server.url())
        assert await again.fetchval("SELECT answer FROM kept") == 42
        with pytest.raises(asyncpg.UndefinedTableError):
            await again.fetchval("SELECT answer FROM lost")
        await again.close()
        connection.terminate()


async def test_a_server_stopped_and_started_again_keeps_its_url() -> None:
    with temporary_postgres(durable=False) as server:
        before = server.url()
        server.stop()
        assert server.process_id() is None
        server.start()
        connection = await asyncpg.connect(before)
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()


async def test_a_folder_too_long_for_a_socket_can_be_used(tmp_path: Path) -> None:
    folder = tmp_path / ("a folder with a long name " * 5).strip()
    server = PostgresServer(folder)
    server.create()
    server.start()
    try:
        connection = await asyncpg.connect(server.url())
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()
    finally:
        server.kill()
        server.remove()


def test_an_interrupted_creation_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "cluster" / "base").mkdir(parents=True)
    (tmp_path / "cluster" / "base" / "half-written").touch()
    server = PostgresServer(tmp_path)
    server.create()
    assert (tmp_path / "cluster" / "PG_VERSION").read_text().strip() == "18"
    server.remove()
