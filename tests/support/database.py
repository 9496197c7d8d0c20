"""Databases for tests: one server, one migrated template, a copy of it for each test."""

import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg

from app.migrate import MIGRATIONS, migrate
from app.postgres.embedded.postgres import THROWAWAY
from app.postgres.embedded.sharing import shared_postgres
from app.postgres.pool import plain_url, with_database

TEMPLATE_LOCK_KEY = 0x7465_6D70_6C61_7465  # spells "template"
MEMORY_NEEDED_BYTES = 2 * 1024**3


@contextmanager
def running_test_server() -> Iterator[str]:
    """Give the URL of the server that all tests of a run share.

    It is `TEST_DATABASE_URL` if set, whose user must be allowed to create databases; otherwise
    an embedded server that begins empty and is removed by the last test process using it.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield plain_url(given)
        return
    place = hashlib.sha256(os.fsencode(MIGRATIONS)).hexdigest()[:8]
    folder = _roomy_folder() / f"aftersales-tests-{os.geteuid()}-{place}"
    with shared_postgres(folder, settings=THROWAWAY, throw_away=True) as server:
        yield server.url()


def _roomy_folder() -> Path:
    """Return a folder for the data: in memory if there is room, where copying takes a tenth."""
    memory = Path("/dev/shm")  # noqa: S108 - only a folder in it is used
    usable = memory.is_dir() and os.access(memory, os.W_OK)
    if usable and shutil.disk_usage(memory).free >= MEMORY_NEEDED_BYTES:
        return memory
    return Path(tempfile.gettempdir())


async def migrated_template(server_url: str) -> str:
    """Return the name of a migrated database to copy, made by the first process that asks."""
    name = f"aftersales_template_{_migrations_hash()}"
    async with _connected(server_url) as server:
        await server.execute("SELECT pg_advisory_lock($1)", TEMPLATE_LOCK_KEY)
        if await server.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            return name
        unfinished = f"{name}_unfinished"
        await server.execute(f"DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")
        await server.execute(f"CREATE DATABASE {unfinished} TEMPLATE template0")
        await migrate(with_database(server_url, unfinished))
        await server.execute(f"ALTER DATABASE {unfinished} RENAME TO {name}")
    return name


@asynccontextmanager
async def fresh_database(server_url: str, template: str | None) -> AsyncIterator[str]:
    """Give the URL of a new database, copied from `template` or empty, and drop it afterwards."""
    name = f"aftersales_test_{uuid.uuid4().hex}"
    async with _connected(server_url) as server:
        # Copying files is the quicker way, but only where its checkpoints need not reach the disk.
        strategy = "FILE_COPY" if await server.fetchval("SHOW fsync") == "off" else "WAL_LOG"
        await server.execute(
            f"CREATE DATABASE {name} TEMPLATE {template or 'template0'} STRATEGY {strategy}"
        )
    try:
        yield with_database(server_url, name)
    finally:
        async with _connected(server_url) as server:
            await server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


def _migrations_hash() -> str:
    hashed = hashlib.sha256()
    for path in sorted(MIGRATIONS.rglob("*")):
        if path.suffix in {".py", ".sql"}:
            hashed.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()[:16]
