"""`aftersales migrate`: bring the database to the schema this version needs."""

from typing import Annotated

import typer

from app.cli.console import err, run
from app.cli.context import quietly, read_settings
from app.migrate import is_migrated
from app.migrate import migrate as migrate_database
from app.postgres.embedded.database import database_url
from app.settings import Settings
from app.topology import Topology


def migrate(
    topology: Annotated[
        Topology | None,
        typer.Option(
            help="`citus` also distributes the tables over a cluster "
            "[setting: AFTERSALES_TOPOLOGY]."
        ),
    ] = None,
) -> None:
    """Bring the database to the schema this version needs: all of it or nothing.

    Safe to repeat, and to run from several machines at once.

    Example: aftersales migrate --topology citus
    """
    settings = quietly(read_settings())
    run(_migrate(settings, topology or settings.topology))


async def _migrate(settings: Settings, topology: Topology) -> None:
    async with database_url(settings) as url:
        if await is_migrated(url):
            err.print("The database is at this schema already; nothing to do.")
            return
        await migrate_database(url, topology=topology)
        err.print("The database is migrated.")
