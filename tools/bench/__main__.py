"""`python -m tools.bench`: measure, print one table, keep the figures as JSON."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from app.postgres.embedded.postgres import temporary_postgres
from tools.bench.append_rows import measure_append, measure_hot_shop
from tools.bench.command_row import measure_command
from tools.bench.figures import Part
from tools.bench.freshness_row import measure_freshness
from tools.bench.growth_row import measure_growth
from tools.bench.import_row import measure_import
from tools.bench.library_row import measure_library
from tools.bench.reading_rows import measure_order_reads, measure_rebuild
from tools.bench.run import Run
from tools.bench.table import keep, show, wide_console
from tools.bench.webhooks_row import measure_webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """One benchmark by its name, and how many steps it takes for each round."""

    name: str
    measure: Callable[[Run], Awaitable[Part]]
    steps_per_round: int = 2
    once: bool = False
    """Whether one round is all there is."""

    def steps(self, rounds: int) -> int:
        """How many measured rounds it takes."""
        return self.steps_per_round * (1 if self.once else rounds)


BENCHMARKS = (
    Benchmark(name="append", measure=measure_append, steps_per_round=4),
    Benchmark(name="hot-shop", measure=measure_hot_shop),
    Benchmark(name="library", measure=measure_library, steps_per_round=4),
    Benchmark(name="command", measure=measure_command),
    Benchmark(name="freshness", measure=measure_freshness, once=True),
    Benchmark(name="webhooks", measure=measure_webhooks),
    Benchmark(name="order-reads", measure=measure_order_reads),
    Benchmark(name="import", measure=measure_import),
    Benchmark(name="rebuild", measure=measure_rebuild, once=True),
    Benchmark(name="growth", measure=measure_growth),
)
_NAMES = ", ".join(benchmark.name for benchmark in BENCHMARKS)

app = typer.Typer(add_completion=False)


@app.command()
def main(
    only: Annotated[
        list[str] | None, typer.Option(help=f"Measure only this; may be repeated. {_NAMES}.")
    ] = None,
    rounds: Annotated[int, typer.Option(help="Rounds of each figure.", min=1, max=99)] = 5,
    full: Annotated[bool, typer.Option("--full", help="Use the large data sizes.")] = False,
) -> None:
    """Measure the service against its baselines on an embedded, durable PostgreSQL.

    Only ratios count, and only from a machine that has nothing else to do.

    Example: python -m tools.bench --only append --only command --rounds 9
    """
    chosen = [one for one in BENCHMARKS if not only or one.name in only]
    unknown = set(only or ()) - {one.name for one in BENCHMARKS}
    if unknown:
        raise typer.BadParameter(f"no benchmark is called {', '.join(unknown)}; there is {_NAMES}")
    console = wide_console()
    with temporary_postgres(durable=True) as server:
        parts, durability = uvloop.run(_measure(console, server.url(), chosen, rounds, full=full))
    show(console, parts, durability)
    console.print(f"Kept in {keep(parts, durability)}")


async def _measure(
    console: Console, url: str, chosen: Sequence[Benchmark], rounds: int, *, full: bool
) -> tuple[list[Part], dict[str, str]]:
    parts = []
    columns = (TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        total = progress.add_task("all", total=sum(one.steps(rounds) for one in chosen))
        run = Run(server_url=url, rounds=rounds, full=full, on_step=lambda: progress.advance(total))
        for benchmark in chosen:
            progress.update(total, description=benchmark.name)
            parts.append(await benchmark.measure(run))
        return parts, await run.durability()


if __name__ == "__main__":
    app()
