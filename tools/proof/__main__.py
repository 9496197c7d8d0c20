"""`python -m tools.proof`: refunds under faults, and whether each was paid exactly once."""

import random
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from tools.bench.table import wide_console
from tools.proof.plan import make_plan
from tools.proof.progress import bars
from tools.proof.report import show
from tools.proof.run import prove

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    refunds: Annotated[int, typer.Option(help="How many refunds.", min=1, max=100_000)] = 1_000,
    faults: Annotated[int, typer.Option(help="How many faults.", min=1, max=10_000)] = 150,
    seed: Annotated[
        int | None, typer.Option(help="What everything is drawn from; at random if not given.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the logs and the provider's book in this folder.")
    ] = None,
) -> None:
    """Run refunds while everything is killed around them, then compare every witness.

    Ends with 1 if a refund was paid twice, not at all, or is reported differently anywhere.

    Example: python -m tools.proof --refunds 1000 --faults 150 --seed 7
    """
    plan = make_plan(
        seed=random.randrange(10**6) if seed is None else seed,  # noqa: S311
        refunds=refunds,
        faults=faults,
    )
    folder = Path(keep or tempfile.mkdtemp(prefix="aftersales-proof-"))
    folder.mkdir(parents=True, exist_ok=True)
    console = wide_console()
    with bars(console, "orders", "faults", "ended") as on_step:
        outcome = uvloop.run(prove(plan, folder, on_step))
    show(console, outcome)
    if outcome.differences or keep:
        console.print(f"The logs are in {folder}")
    else:
        shutil.rmtree(folder)
    raise typer.Exit(1 if outcome.differences else 0)


if __name__ == "__main__":
    app()
