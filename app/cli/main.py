"""The command line `aftersales`: every command, and how failures are printed."""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from app.cli.console import EXIT_CODES_HELP, ExitCode, Interrupted, err

HELP = f"""After-sales for orders past the after-sales period (超售后期售后).

Settings are read from AFTERSALES_... variables and from .env; `aftersales COMMAND --help` shows
each command with an example.

{EXIT_CODES_HELP}
"""

COMMANDS = {
    "serve": ("app.cli.serve:serve", "Serve the HTTP API, and run a worker beside it."),
    "worker": (
        "app.cli.serve:worker",
        "Run a worker: it updates read models, acts on deadlines and sends webhooks and pushes.",
    ),
    "migrate": (
        "app.cli.migrate:migrate",
        "Bring the database to the schema this version needs: all of it or nothing.",
    ),
    "rebuild": (
        "app.cli.readers:rebuild",
        "Rebuild a reader's tables from the log while the service runs.",
    ),
    "reconcile": (
        "app.cli.reconcile:reconcile",
        "Compare the provider's book, the ledger and the tickets, and list every difference.",
    ),
    "refunds": (
        "app.cli.refunds:refunds",
        "Show the waiting refunds of all shops, longest waiting first, and why they wait.",
    ),
    "openapi": (
        "app.cli.openapi:openapi",
        "Write the OpenAPI document of this version to a folder, or check that it is current.",
    ),
    "push-sandbox": (
        "tools.sandboxes.push_provider.command:push_sandbox",
        "Serve a push provider for testing, which sends nothing and shows what it received.",
    ),
    "demo": (
        "tools.demo.command:demo",
        "Run the main scenario over HTTP, then keep serving, with keys and sample calls.",
    ),
    "provider-sandbox": (
        "tools.sandboxes.payment_provider.command:provider_sandbox",
        "Serve a payment provider for testing, which moves no money.",
    ),
    "simulate": (
        "tools.simulate:simulation",
        "Simulate merchants and consumers over HTTP on test clocks, then check all results.",
    ),
    "listen": (
        "app.cli.listen:listen_to_shop",
        "Read a shop's events from the feed and post them, signed, to a local URL.",
    ),
    "import": (
        "tools.importers.command:importing",
        "Import orders into a running service, over HTTP.",
    ),
    "keys": ("app.cli.keys:keys", "Make, list, rotate and revoke API keys."),
    "readers": ("app.cli.readers:readers", "Show the readers' positions; resume a stopped one."),
    "webhooks": (
        "app.cli.webhooks:webhooks",
        "List, check, disable, enable, recover and test webhook endpoints.",
    ),
}
"""The place of each command (a function or an application), and its line in the help."""

HELP_OF = {"provider-sandbox": "tools.sandboxes.payment_provider.command:HELP"}
"""The place of a command's help where that is not its function's docstring."""


class Commands(TyperGroup):
    """Loads a command when it is called: loading all of them takes seconds."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer's signature
        """Return the names, in the order help shows them."""
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the list of commands without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Return a command by its name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        one, found = _application(), _found(COMMANDS[cmd_name][0])
        if isinstance(found, typer.Typer):
            one.add_typer(found, name=cmd_name)
        else:
            text = HELP_OF.get(cmd_name)
            one.command(cmd_name, help=None if text is None else _found(text))(found)
        group = get_command(one)
        assert isinstance(group, TyperGroup)  # noqa: S101 - it has a callback
        return group.commands[cmd_name]


def _application(**settings: Any) -> typer.Typer:
    """Return an application that is a group even if it has one command."""
    return typer.Typer(
        name="aftersales",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        callback=lambda: None,
        **settings,
    )


def _found(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


app = _application(cls=Commands, help=HELP)


def main() -> None:
    """Run a command; print a known failure with the next step, and raise a defect."""
    try:
        app()
    except Interrupted:
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:
        from app.cli.context import explained  # noqa: PLC0415 - imports half the service

        failure = explained(error)
        if failure is None:
            raise
        err.print(f"Error: {failure}", style="red", markup=False, soft_wrap=True)
        err.print(f"Next: {failure.next_step}", markup=False, soft_wrap=True)
        sys.exit(failure.exit_code)
