"""Settings and a migrated database for commands, and what known failures mean to their user."""

import os
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
from pydantic import SecretStr, ValidationError

from app.cli.console import CommandFailed, not_migrated, run
from app.clock import SystemClock
from app.logs import configure_logs
from app.migrate import is_migrated, migrate
from app.postgres.embedded import EmbeddedPostgresError
from app.postgres.embedded.database import database_url
from app.postgres.pool import DatabaseUnavailable, plain_url
from app.resources import Resources, open_resources
from app.settings import Settings

T = TypeVar("T")


def read_settings(*, embedded: bool = False) -> Settings:
    """Read the settings, with secrets kept beside the database if it is embedded.

    ``embedded``: use the embedded database even if another is set. Raises pydantic's
    ValidationError if a setting is wrong.
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
    """Log warnings only, in the form for a person, unless a level is set."""
    update = {"log_level": "WARNING", "log_format": "console"}
    if "log_level" in settings.model_fields_set:
        del update["log_level"]
    configured = settings.model_copy(update=update)
    configure_logs(configured)
    return configured


@asynccontextmanager
async def ready_database(settings: Settings) -> AsyncIterator[Settings]:
    """Give settings that name a database at today's schema.

    The embedded one is started and migrated; a server set by URL is only checked: CommandFailed if
    it is not migrated. Raises DatabaseUnavailable.
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


def on_database(work: Callable[[Resources], Coroutine[Any, Any, T]]) -> T:
    """Run a short command's work with the resources it needs, and return its result."""

    async def working() -> T:
        async with ready_resources() as resources:
            return await work(resources)

    return run(working())


def explained(error: BaseException) -> CommandFailed | None:
    """Return what a known failure means to the user of the command; None for a defect."""
    match error:
        case CommandFailed():
            return error
        case BaseExceptionGroup(exceptions=[only]):
            return explained(only)
        case EmbeddedPostgresError():
            return CommandFailed(
                f"the embedded database cannot be used: {error}",
                "do what the message says, or set AFTERSALES_DATABASE_URL to a server of your own",
            )
        case asyncpg.UndefinedTableError() | asyncpg.InvalidSchemaNameError():
            return not_migrated()
        case asyncpg.InvalidAuthorizationSpecificationError() | asyncpg.InvalidCatalogNameError():
            return CommandFailed(
                f"the database refused the connection: {error}", "correct AFTERSALES_DATABASE_URL"
            )
        case DatabaseUnavailable():
            return CommandFailed(
                f"the database cannot be reached: {error}",
                "check that it runs and that AFTERSALES_DATABASE_URL names it, then repeat",
            )
        case ValidationError(title="Settings"):
            return CommandFailed.wrong_use(
                "; ".join(
                    f"AFTERSALES_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}"
                    for fault in error.errors(include_url=False, include_input=False)
                ),
                "correct it in the environment or in .env",
            )
        case _:
            return None


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
            # A link appears whole or not at all, even if several processes start at once.
            path.hardlink_to(draft)
        finally:
            draft.unlink()
    return path.read_text("utf-8")
