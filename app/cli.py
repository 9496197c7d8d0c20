"""The command line `aftersales`: every command, and how their failures are told."""

import sys

import typer

from app.commands.demo import demo
from app.commands.failures import EXIT_CODES_HELP, ExitCode, Interrupted, explained
from app.commands.importing import importing
from app.commands.keys import keys
from app.commands.listen import listen_to_shop
from app.commands.migrate import migrate
from app.commands.openapi import openapi
from app.commands.provider_sandbox import HELP as PROVIDER_SANDBOX_HELP
from app.commands.provider_sandbox import provider_sandbox
from app.commands.push_sandbox import push_sandbox
from app.commands.readers import readers
from app.commands.rebuild import rebuild
from app.commands.reconcile import reconcile
from app.commands.refunds import refunds
from app.commands.serve import serve, worker
from app.commands.simulate import simulation
from app.commands.surroundings import err
from app.commands.webhooks import webhooks

HELP = f"""After-sales for orders past the after-sales period (超售后期售后).

Settings are read from AFTERSALES_... variables and from .env; `aftersales COMMAND --help` shows
each command with an example.

{EXIT_CODES_HELP}
"""

app = typer.Typer(
    name="aftersales",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(serve)
app.command()(worker)
app.command()(migrate)
app.add_typer(importing, name="import")
app.add_typer(keys, name="keys")
app.add_typer(readers, name="readers")
app.command()(rebuild)
app.command()(reconcile)
app.command()(refunds)
app.command()(openapi)
app.command("push-sandbox")(push_sandbox)
app.command()(demo)
app.command(help=PROVIDER_SANDBOX_HELP)(provider_sandbox)
app.command("simulate")(simulation)
app.command("listen")(listen_to_shop)
app.add_typer(webhooks, name="webhooks")


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
