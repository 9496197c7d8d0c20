"""`aftersales serve` and `aftersales worker`: the processes of the service."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated

import structlog
import typer

from app.cli import listening
from app.cli.console import err, run
from app.cli.context import read_settings, ready_database
from app.clock import SystemClock
from app.logs import configure_logs
from app.main import build_app
from app.postgres.pool import DatabaseUnavailable
from app.resources import open_resources
from app.settings import Settings
from app.worker import run_worker

_log = structlog.get_logger(__name__)


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on [setting: AFTERSALES_HTTP_HOST].")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="Port to listen on; 0 takes a free one [setting: AFTERSALES_HTTP_PORT].",
            min=0,
            max=65_535,
        ),
    ] = None,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help="Also run a worker in this process.")
    ] = True,
) -> None:
    """Serve the HTTP API, and run a worker beside it.

    Without AFTERSALES_DATABASE_URL an embedded PostgreSQL in .data is started and migrated, for
    trying and developing only. A database set by URL must have been migrated.

    Example: aftersales serve --port 8080 --no-worker
    """
    settings = _with_readable_logs(read_settings())
    update = {"http_host": host, "http_port": port}
    settings = settings.model_copy(update={k: v for k, v in update.items() if v is not None})
    configure_logs(settings)
    run(_serve(settings, with_worker=worker), listening.quickest_loop())


def worker() -> None:
    """Run a worker: it updates read models, acts on deadlines and sends webhooks and pushes.

    Run as many as you like, beside `aftersales serve --no-worker`, on the same database.

    Example: aftersales worker
    """
    settings = _with_readable_logs(read_settings())
    configure_logs(settings)
    run(_work(settings), listening.quickest_loop())


async def _serve(settings: Settings, *, with_worker: bool) -> None:
    clock = SystemClock()
    with (
        listening.stop_on_signals() as stop,
        listening.listen(settings.http_host, settings.http_port) as listener,
    ):
        async with _database(settings) as ready, asyncio.TaskGroup() as tasks:
            server = listening.make_server(build_app(ready, clock))
            listening.collect_seldom()
            if stop.is_set():
                return
            tasks.create_task(listening.serve_until(server, listener, stop))
            if with_worker:
                tasks.create_task(_worker(ready, stop))
            _say_where(listening.url_of(listener), settings)
    _log.info("stopped")


async def _work(settings: Settings) -> None:
    listening.collect_seldom()
    with listening.stop_on_signals() as stop:
        async with _database(settings) as ready:
            await _worker(ready, stop)
    _log.info("stopped")


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Settings]:
    """Give the settings of the database; a server set by URL may be unavailable at first."""
    async with AsyncExitStack() as stack:
        try:
            settings = await stack.enter_async_context(ready_database(settings))
        except DatabaseUnavailable as error:
            if settings.database_url is None:
                raise
            _log.warning("database_unavailable", reason=error, until_then="503")
        yield settings


async def _worker(settings: Settings, stop: asyncio.Event) -> None:
    clock = SystemClock()
    async with open_resources(settings, clock) as resources:
        try:
            await run_worker(resources, clock, stop)
        finally:
            stop.set()


def _say_where(url: str, settings: Settings) -> None:
    _log.info("serving", url=url, docs=f"{url}/docs", embedded=settings.database_url is None)
    if settings.database_url is None:
        err.print(
            "The database is an embedded PostgreSQL in "
            f"{settings.data_dir}, for trying and developing only.",
            style="yellow",
        )


def _with_readable_logs(settings: Settings) -> Settings:
    """Write logs in the form for a person on a terminal, unless a format is set."""
    if sys.stderr.isatty() and "log_format" not in settings.model_fields_set:
        return settings.model_copy(update={"log_format": "console"})
    return settings
