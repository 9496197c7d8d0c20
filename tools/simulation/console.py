"""The output of a simulation: its progress and its result."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from app.cli.console import CommandFailed, ExitCode, err, out, show_table
from tools.simulation.report import Tally
from tools.simulation.run import ProgressCallbacks, Report
from tools.simulation.size import Size

SHOW_EVERY_SECONDS = 5.0
DIFFERENCES_SHOWN_MAX = 50

_GROUPS = (
    ("applications", "applications"),
    ("decisions", "decisions"),
    ("fallen due", "fell_due"),
    ("refusals", "refusals"),
    ("rules failed", "failed_rules"),
    ("manners", "manners"),
    ("tickets at the end", "final_states"),
    ("compared", "checked"),
)


@contextmanager
def progress_of(size: Size) -> Iterator[ProgressCallbacks]:
    """Show a progress bar in a terminal, else a line every few seconds."""
    days, orders = size.shops * size.days, size.shops * size.orders
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, disable=not err.is_terminal) as progress:
        living = progress.add_task("Days", total=days)
        checking = progress.add_task("Checks", total=orders)
        lines = _Lines()

        def day(tally: Tally) -> None:
            progress.advance(living)
            progress.update(living, description=f"Days, {_so_far(tally)}")
            lines.report("days", days, tally)

        def order(tally: Tally) -> None:
            progress.advance(checking)
            progress.update(checking, description=f"Checks, {_so_far(tally)}")
            lines.report("orders checked", orders, tally)

        yield ProgressCallbacks(day=day, order=order)


class _Lines:
    """Prints the progress every few seconds, where there is no terminal for a bar."""

    def __init__(self) -> None:
        self._done: Counter[str] = Counter()
        self._shown_at = time.monotonic()

    def report(self, what: str, total: int, tally: Tally) -> None:
        self._done[what] += 1
        now = time.monotonic()
        if not err.is_terminal and now - self._shown_at >= SHOW_EVERY_SECONDS:
            self._shown_at = now
            err.print(f"{self._done[what]:,} of {total:,} {what}, {_so_far(tally)}")


def show_report(report: Report, size: Size, name: str) -> None:
    """Print the result; CommandFailed if anything differed."""
    tally, requests = report.tally, report.request_seconds
    rows = [
        (group, what, f"{count:,}")
        for group, member in _GROUPS
        for what, count in sorted(
            getattr(tally, member).items(), key=lambda item: (-item[1], item[0])
        )
    ]
    show_table(("group", "what", "times"), rows)
    out.print(
        f"Shops {name}-1 to {name}-{size.shops}: {tally.orders:,} orders, {size.days} days, "
        f"seed {size.seed}."
    )
    out.print(
        f"{len(requests):,} requests in {report.seconds:,.1f} s, "
        f"{len(requests) / report.seconds:,.0f} a second; half of them within "
        f"{_quantile(requests, 0.5)}, 99 of 100 within {_quantile(requests, 0.99)}.",
        soft_wrap=True,
    )
    found = tally.differences
    out.print(f"Differences: {len(found):,}", style="red" if found else "green")
    for difference in found[:DIFFERENCES_SHOWN_MAX]:
        out.print(str(difference), style="red", markup=False, soft_wrap=True)
    if found:
        raise CommandFailed(
            f"the service differs from the rules in {len(found):,} places",
            f"look at them above; the orders stay as they are in the shops {name}-...",
            ExitCode.FOUND_FAULTS,
        )


def _so_far(tally: Tally) -> str:
    done = tally.applications.total() + tally.decisions.total()
    return (
        f"{done:,} granted, {tally.refusals.total():,} refused, {len(tally.differences):,} differ"
    )


def _quantile(sorted_seconds: list[float], share: float) -> str:
    place = min(int(share * len(sorted_seconds)), len(sorted_seconds) - 1)
    return f"{1_000 * sorted_seconds[place]:,.0f} ms"
