"""What commands find around them: settings, the database ready for use, a terminal or not."""

import asyncio
import os
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.cli.errors import CommandFailed, Interrupted, not_migrated
from app.clock import SystemClock
from app.logs import configure_logs
from app.migrate import is_migrated, migrate
from app.postgres.embedded.database import database_url
from app.postgres.pool import plain_url
from app.resources import Resources, open_resources
from app.settings import Settings

T = TypeVar("T")

LoopFactory = Callable[[], asyncio.AbstractEventLoop]

out = Console(highlight=False)
"""What a command was asked for."""
err = Console(stderr=True, highlight=False)
"""What it has to say beside it."""


def read_settings(*, embedded: bool = False) -> Settings:
    """Read the settings, with secrets kept beside the database if it is embedded.

    ``embedded`` takes the embedded database whatever is set. Raises pydantic's ValidationError
    if a setting is wrong.
    """
    settings = Settings()
    if embedded:
        settings = settings.model_copy(update={"database_url": None})
    has_keys = settings.consumer_token_secret or settings.consumer_token_public_key
    if settings.database_url is not None:
        _check_url(settings.database_url)
        return settings
    own = {}
    if not has_keys:
        own["consumer_token_secret"] = _local_secret(settings.data_dir, "consumer-token-secret")
    if settings.push_token_key is None:
        own["push_token_key"] = _local_secret(settings.data_dir, "push-token-key")
    if settings.sealing_key is None:
        own["sealing_key"] = _local_secret(settings.data_dir, "sealing-key")
    return settings.model_copy(update={name: SecretStr(value) for name, value in own.items()})


def quietly(settings: Settings) -> Settings:
    """Let libraries and loops speak up only when something is wrong, for a person to read."""
    update = {"log_level": "WARNING", "log_format": "console"}
    if "log_level" in settings.model_fields_set:
        del update["log_level"]
    configured = settings.model_copy(update=update)
    configure_logs(configured)
    return configured


@asynccontextmanager
async def ready_database(settings: Settings) -> AsyncIterator[Settings]:
    """Give settings that name a database at today's schema.

    The embedded one is started and migrated; a server of somebody's own is only looked at, and
    CommandFailed says so if it is not migrated. Raises DatabaseUnavailable.
    """
    async with database_url(settings) as url:
        if settings.database_url is None:
            await migrate(url)
        elif not await is_migrated(url):
            raise not_migrated()
        yield settings.model_copy(update={"database_url": url})


@asynccontextmanager
async def ready_resources() -> AsyncIterator[Resources]:
    """Open what a short command on the database needs."""
    async with (
        ready_database(quietly(read_settings())) as settings,
        open_resources(settings, SystemClock()) as resources,
    ):
        yield resources


def run(work: Coroutine[Any, Any, T], loop_factory: LoopFactory | None = None) -> T:
    """Run a command's coroutine to its end; raises Interrupted at Ctrl-C."""
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(work)
    except KeyboardInterrupt as interrupt:
        raise Interrupted from interrupt


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table for a person, or lines of tab-separated fields for another program."""
    if not out.is_terminal:
        for row in (columns, *rows):
            typer.echo("\t".join(row))
        return
    table = Table(box=None, pad_edge=False)
    for number, column in enumerate(columns):
        # The first column is what is copied into the next command.
        table.add_column(column, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(escape(field) for field in row))
    out.print(table)


def _check_url(url: str) -> None:
    try:
        plain_url(url)
    except ValueError as error:
        raise CommandFailed.wrong_use(
            f"AFTERSALES_DATABASE_URL: {error}",
            "set it to postgresql://user:password@host:5432/name",
        ) from error


def _local_secret(folder: Path, name: str) -> str:
    """Return a secret kept beside the embedded database: 32 bytes in base64, made when needed."""
    path = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        draft = folder / f"{name}.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(b64encode(secrets.token_bytes(32)).decode(), "utf-8")
        try:
            # A link appears whole or not at all, whoever else starts at the same time.
            path.hardlink_to(draft)
        finally:
            draft.unlink()
    return path.read_text("utf-8")
