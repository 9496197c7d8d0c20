"""`aftersales provider-sandbox`: a payment provider for trying and testing, with its own book."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import structlog
import typer
from pydantic import SecretStr

from app.cli.console import CommandFailed, run
from app.cli.listening import (
    listen,
    make_server,
    quickest_loop,
    serve_until,
    stop_on_signals,
    url_of,
)
from app.clock import SystemClock
from app.logs import configure_logs
from app.settings import Settings
from tools.sandboxes.payment_provider.behaviours import plain_table, table
from tools.sandboxes.payment_provider.server import SandboxOptions, create_sandbox

HELP = f"""Serve a payment provider for testing, which moves no money.

It keeps its orders, its book and its callbacks in one SQLite file, so that it can be killed at any
instant. It takes AFTERSALES_PROVIDER_SECRET from its callers and signs callbacks with
AFTERSALES_PROVIDER_CALLBACK_SECRET.

Example: aftersales provider-sandbox --port 9000 --store sandbox.sqlite3

How it meets an order is chosen by how the order id, or the payee's account, ends, else by the exact
amount in minor units:

\b
{plain_table()}
"""

_log = structlog.get_logger(__name__)


def provider_sandbox(  # noqa: PLR0917 - typer takes each by its name
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65_535)
    ] = 9000,
    store: Annotated[
        Path | None, typer.Option(help="Its file [default: provider-sandbox.sqlite3 in .data].")
    ] = None,
    callback_url: Annotated[
        str | None, typer.Option(help="Where callbacks go; kept from the last run if not given.")
    ] = None,
    slow_seconds: Annotated[
        float, typer.Option(help="How long what comes later takes.", min=0, max=86_400)
    ] = 2.0,
    show_table: Annotated[
        bool, typer.Option("--table", help="Print the table in Markdown and end.")
    ] = False,
) -> None:
    """Serve the sandbox; `HELP` is what its user reads."""
    if show_table:
        typer.echo(table())
        return
    settings = Settings()
    options = SandboxOptions(
        store=store or settings.data_dir / "provider-sandbox.sqlite3",
        secret=_needed(settings.provider_secret, "AFTERSALES_PROVIDER_SECRET"),
        callback_secrets=[
            _needed(settings.provider_callback_secret, "AFTERSALES_PROVIDER_CALLBACK_SECRET")
        ],
        callback_url=callback_url,
        slow=timedelta(seconds=slow_seconds),
    )
    configure_logs(settings)
    run(_serve(options, host, port), quickest_loop())


async def _serve(options: SandboxOptions, host: str, port: int) -> None:
    with stop_on_signals() as stop, listen(host, port) as listener:
        server = make_server(create_sandbox(options, SystemClock(), stop))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(serve_until(server, listener, stop))
            _log.info("provider_sandbox_serving", url=url_of(listener), store=str(options.store))
    _log.info("stopped")


def _needed(secret: SecretStr | None, name: str) -> str:
    if secret is None:
        raise CommandFailed.wrong_use(f"{name} is not set", f"set it: export {name}=...")
    return secret.get_secret_value()
