"""The command line `aftersales`: every command, and how their failures are told."""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from app.cli.context import err
from app.cli.errors import EXIT_CODES_HELP, ExitCode, Interrupted, explained

HELP = f"""After-sales for orders past the after-sales period (超售后期售后).

Settings are read from AFTERSALES_... variables and from .env; `aftersales COMMAND --help` shows
each command with an example.

{EXIT_CODES_HELP}
"""

COMMANDS = {
    "serve": "app.cli.serve:serve",
    "worker": "app.cli.serve:worker",
    "migrate": "app.cli.migrate:migrate",
    "rebuild": "app.cli.rebuild:rebuild",
    "reconcile": "app.cli.reconcile:reconcile",
    "refunds": "app.cli.refunds:refunds",
    "openapi": "app.cli.openapi:openapi",
    "push-sandbox": "tools.sandboxes.push_provider.command:push_sandbox",
    "demo": "tools.demo.command:demo",
    "provider-sandbox": "tools.sandboxes.payment_provider.command:provider_sandbox",
    "simulate": "tools.simulate:simulation",
    "listen": "app.cli.listen:listen_to_shop",
    "import": "tools.importers.command:importing",
    "keys": "app.cli.keys:keys",
    "readers": "app.cli.readers:readers",
    "webhooks": "app.cli.webhooks:webhooks",
}
"""Where each command is below app/cli: a function, or an application of its own."""

HELP_OF = {"provider-sandbox": "tools.sandboxes.payment_provider.command:HELP"}
"""Where the help of a command is that is not its function's description."""


class Commands(TyperGroup):
    """Loads a command when it is asked for: to load them all takes longer than most take."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as Typer asks
        """Return the names, in the order help shows them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Return a command by its name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        one, found = _application(), _found(COMMANDS[cmd_name])
        if isinstance(found, typer.Typer):
            one.add_typer(found, name=cmd_name)
        else:
            text = HELP_OF.get(cmd_name)
            one.command(cmd_name, help=None if text is None else _found(text))(found)
        group = get_command(one)
        assert isinstance(group, TyperGroup)  # noqa: S101 - it has a callback
        return group.commands[cmd_name]


def _application(**settings: Any) -> typer.Typer:
    """Return an application that is a group of commands, even of one."""
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
    """Run a command; a failure that is no defect is told with what to do next."""
    try:
        app()
    except Interrupted:
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:
        failure = explained(error)
        if failure is None:
            raise
        err.print(f"Error: {failure}", style="red", markup=False, soft_wrap=True)
        err.print(f"Next: {failure.next_step}", markup=False, soft_wrap=True)
        sys.exit(failure.exit_code)
