"""The terminal a command talks to, and the event loop it runs in."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.cli.errors import Interrupted

T = TypeVar("T")

LoopFactory = Callable[[], asyncio.AbstractEventLoop]

out = Console(highlight=False)
"""Where the result of a command goes."""
err = Console(stderr=True, highlight=False)
"""Where progress and failures go."""


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
