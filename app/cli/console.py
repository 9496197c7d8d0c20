"""What commands share: failures and exit codes, terminal output, the event loop, option types."""

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Annotated, Any, Self, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table


class ExitCode(IntEnum):
    """What a command's exit code means; the same for all of them."""

    DONE = 0
    FOUND_FAULTS = 1
    """The command ran to its end and found something wrong."""
    WRONG_USE = 2
    """Arguments or settings are wrong; nothing was done."""
    NOT_POSSIBLE = 3
    """Something that is needed is not there: the database, the service, a port, a right."""
    BOOKS_DIFFER = 4
    """Provider, ledger and tickets do not agree; only `aftersales reconcile` exits with it."""
    INTERRUPTED = 130


EXIT_CODES_HELP = (
    "Exit codes: 0 done; 1 done, but something is wrong (refused lines, a stopped reader, "
    "an outdated file); 2 wrong use; 3 not possible now (no database, no service, no right); "
    "4 books that do not agree (reconcile); 130 interrupted."
)


class CommandFailed(Exception):
    """A command cannot go on; the message says why and `next_step` what to do about it."""

    def __init__(
        self, message: str, next_step: str, exit_code: ExitCode = ExitCode.NOT_POSSIBLE
    ) -> None:
        super().__init__(message)
        self.next_step = next_step
        self.exit_code = exit_code

    @classmethod
    def wrong_use(cls, message: str, next_step: str) -> Self:
        """Build the failure of a command that was called wrongly."""
        return cls(message, next_step, ExitCode.WRONG_USE)


class Interrupted(Exception):
    """The user interrupted the command."""


def not_migrated() -> CommandFailed:
    """Return the failure of a command that finds a database without the schema it needs."""
    return CommandFailed(
        "the database is not at the schema this version needs", "run: aftersales migrate"
    )


T = TypeVar("T")

LoopFactory = Callable[[], asyncio.AbstractEventLoop]

out = Console(highlight=False)
"""Standard output: the result of a command."""
err = Console(stderr=True, highlight=False)
"""Standard error: progress and failures."""


def run(work: Coroutine[Any, Any, T], loop_factory: LoopFactory | None = None) -> T:
    """Run a command's coroutine to its end; raises Interrupted at Ctrl-C."""
    try:
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            return runner.run(work)
    except KeyboardInterrupt as interrupt:
        raise Interrupted from interrupt


def minute(instant: datetime | None) -> str:
    """Return an instant in UTC to the minute, as tables show it; a dash for none."""
    return "-" if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%MZ}"


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table for a person, or lines of tab-separated fields for another program."""
    if not out.is_terminal:
        for row in (columns, *rows):
            typer.echo("\t".join(row))
        return
    table = Table(box=None, pad_edge=False)
    for number, column in enumerate(columns):
        # The first column is not wrapped: it is copied into the next command.
        table.add_column(column, overflow="fold", no_wrap=number == 0)
    for row in rows:
        table.add_row(*(escape(field) for field in row))
    out.print(table)


_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_DURATION = re.compile(r"(\d{1,9}[dhms])+", re.ASCII)


def duration(text: str) -> timedelta:
    """Read a duration written like `3000d`, `90m` or `1d12h`; typer.BadParameter if it is none."""
    if not _DURATION.fullmatch(text):
        raise typer.BadParameter(f"{text!r} is no duration; write it like 3000d, 90m or 1d12h")
    parts = re.findall(r"(\d+)([dhms])", text)
    try:
        return sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in parts), timedelta())
    except OverflowError as error:
        raise typer.BadParameter(f"{text!r} is longer than the calendar") from error


def base_url(text: str) -> str:
    """Read the URL of a service; typer.BadParameter if it is not http or https."""
    if not text.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{text!r} does not start with http:// or https://")
    return text.rstrip("/")


Url = Annotated[
    str,
    typer.Option(
        parser=base_url, envvar="AFTERSALES_URL", metavar="URL", help="Where the service runs."
    ),
]
LOCAL = "http://127.0.0.1:8000"
"""Where `aftersales serve` listens by default."""
