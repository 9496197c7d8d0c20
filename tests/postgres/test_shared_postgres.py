"""Several processes on one folder: the first starts the server, the last stops it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from app.postgres.embedded.database import database_url
from app.postgres.embedded.postgres import THROWAWAY, PostgresServer
from app.postgres.embedded.sharing import shared_postgres
from app.settings import Settings

USER_PROGRAM = """
import sys
from pathlib import Path
from app.postgres.embedded.postgres import THROWAWAY
from app.postgres.embedded.sharing import shared_postgres
with shared_postgres(Path(sys.argv[1]), settings=THROWAWAY) as server:
    print(server.process_id(), flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_process_using(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a process that uses the server until its input is closed; also give the server's id."""
    command = [sys.executable, "-c", USER_PROGRAM, str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())


def test_a_second_process_uses_the_same_server(tmp_path: Path) -> None:
    with (
        shared_postgres(tmp_path, settings=THROWAWAY) as server,
        another_process_using(tmp_path) as (_, seen_there),
    ):
        assert seen_there == server.process_id()


def test_the_server_goes_on_for_the_other_process_when_the_first_leaves(tmp_path: Path) -> None:
    with another_process_using(tmp_path) as (_, started_there):
        with shared_postgres(tmp_path, settings=THROWAWAY) as server:
            pass
        assert server.process_id() == started_there
        assert server.accepts_connections()


def test_the_last_user_stops_the_server(tmp_path: Path) -> None:
    with another_process_using(tmp_path):
        pass
    assert PostgresServer(tmp_path).process_id() is None


def test_a_server_left_by_a_killed_process_is_taken_over_and_stopped(tmp_path: Path) -> None:
    with another_process_using(tmp_path) as (process, started_there):
        process.kill()
        process.wait()
    with shared_postgres(tmp_path, settings=THROWAWAY) as server:
        assert server.process_id() == started_there
    assert server.process_id() is None


async def test_data_to_throw_away_is_not_found_by_the_next_user(tmp_path: Path) -> None:
    with shared_postgres(tmp_path, settings=THROWAWAY) as server:
        await _execute(server.url(), "CREATE DATABASE left_behind")
    with shared_postgres(tmp_path, settings=THROWAWAY, throw_away=True) as server:
        assert "left_behind" not in await _databases(server.url())


def test_the_last_user_deletes_data_to_throw_away(tmp_path: Path) -> None:
    with shared_postgres(tmp_path, settings=THROWAWAY, throw_away=True):
        assert (tmp_path / "cluster").exists()
    assert not (tmp_path / "cluster").exists()


async def test_throwing_away_spares_a_server_in_use(tmp_path: Path) -> None:
    with another_process_using(tmp_path) as (_, started_there):
        await _execute(PostgresServer(tmp_path).url(), "CREATE DATABASE in_use")
        with shared_postgres(tmp_path, settings=THROWAWAY, throw_away=True) as server:
            assert server.process_id() == started_there
            assert "in_use" in await _databases(server.url())


async def test_without_a_database_url_the_embedded_one_is_given_and_keeps_its_data(
    tmp_path: Path,
) -> None:
    settings = Settings(_env_file=None, database_url=None, data_dir=tmp_path)
    async with database_url(settings) as url:
        await _execute(url, "CREATE TABLE kept AS SELECT 1 AS one")
    async with database_url(settings) as url:
        await _execute(url, "SELECT one FROM kept")


async def test_a_database_url_that_is_set_is_used_as_it_is() -> None:
    settings = Settings(_env_file=None, database_url="postgresql+asyncpg://me@host/orders?ssl=off")
    async with database_url(settings) as url:
        assert url == "postgresql://me@host/orders?ssl=off"


def test_without_the_packages_of_the_embedded_server_the_message_says_what_to_install() -> None:
    program = (
        "import sys; sys.modules['psutil'] = None\n"
        "import asyncio; from app.postgres.embedded.database import database_url\n"
        "from app.settings import Settings\n"
        "asyncio.run(database_url(Settings(_env_file=None, database_url=None)).__aenter__())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    assert ended.returncode != 0
    assert "pip install 'aftersales[embedded]'" in ended.stderr


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def _databases(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch("SELECT datname FROM pg_database")
    await connection.close()
    return {row["datname"] for row in rows}
