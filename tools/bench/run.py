"""What every benchmark is given: a server, how much to measure, and where to report."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import asyncpg

from app.migrate import migrate
from app.postgres.pool import Pool, with_database
from app.settings import Settings
from tools.bench.baseline import CREATE_BASELINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of the benchmarks on one durable server."""

    server_url: str
    rounds: int
    full: bool
    on_step: Callable[[], None]
    """To be called after every measured round."""

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """Give the URL of a new database with the service's tables and the baseline's."""
        name = f"bench_{uuid4().hex}"
        url = with_database(self.server_url, name)
        await self._on_server(f"CREATE DATABASE {name}")
        try:
            await migrate(url)
            connection = await asyncpg.connect(url)
            await connection.execute(CREATE_BASELINE)
            await connection.close()
            yield url
        finally:
            await self._on_server(f"DROP DATABASE {name} WITH (FORCE)")

    async def durability(self) -> dict[str, str]:
        """Ask the server what a commit means on it."""
        connection = await asyncpg.connect(self.server_url)
        try:
            names = ("server_version", "fsync", "synchronous_commit", "full_page_writes")
            return {name: await connection.fetchval(f"SHOW {name}") for name in names}
        finally:
            await connection.close()

    async def _on_server(self, statement: str) -> None:
        connection = await asyncpg.connect(self.server_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def settings_for(url: str, **changed: object) -> Settings:
    """Return settings for a database of the run, independent of the environment."""
    return Settings(_env_file=None, database_url=url, **changed)  # type: ignore[arg-type]


@asynccontextmanager
async def pool_of(url: str, connections: int) -> AsyncIterator[Pool]:
    """Open a pool of exactly so many connections whose release costs no round trip."""

    async def leave_as_it_is(_connection: object) -> None:
        pass

    async with asyncpg.create_pool(
        url, min_size=connections, max_size=connections, reset=leave_as_it_is
    ) as pool:
        yield pool
