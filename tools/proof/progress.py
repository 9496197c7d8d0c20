"""Bars that show how far a proof is, on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def bars(console: Console, *names: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each name; yield a function of its name, how much is done, and of how much.

    Nothing is shown where there is no terminal.
    """
    columns = (
        *(TextColumn("{task.description:<7}"), BarColumn(), MofNCompleteColumn()),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        tasks = {name: progress.add_task(name, total=None) for name in names}

        def on_step(name: str, done: int, of: int) -> None:
            progress.update(tasks[name], completed=done, total=of)

        yield on_step
