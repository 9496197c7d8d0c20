"""The live things of one process, opened together and closed together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from app.clock import Clock
from app.postgres.embedded.database import database_url
from app.postgres.pool import Pool, open_engine, open_pool
from app.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What a process needs from outside; passed in, never looked up."""

    settings: Settings
    clock: Clock
    database_url: str
    """Plain URL of the database in use, embedded or not; for connections of one's own."""
    pool: Pool
    """asyncpg, for hot statements."""
    engine: AsyncEngine
    """SQLAlchemy Core, for queries put together at run time."""


@asynccontextmanager
async def open_resources(settings: Settings, clock: Clock) -> AsyncIterator[Resources]:
    """Open everything, starting the embedded server if no database is set, and close it at the end.

    Raises `DatabaseUnavailable` if `pool_size_min` asks for connections that cannot be opened.
    """
    async with (
        database_url(settings) as url,
        open_pool(url, settings) as pool,
        open_engine(url, settings) as engine,
    ):
        yield Resources(settings=settings, clock=clock, database_url=url, pool=pool, engine=engine)
