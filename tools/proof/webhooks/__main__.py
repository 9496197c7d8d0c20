"""`python -m tools.proof.webhooks`: deliveries while processes are killed, and what arrived."""

import random
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.table import Table

from tools.bench.table import wide_console
from tools.proof.progress import bars
from tools.proof.webhooks.run import Outcome, Plan, prove_webhooks

app = typer.Typer(add_completion=False)


@app.command()
def main(
    events: Annotated[int, typer.Option(help="How many events, at least.", min=4)] = 10_000,
    endpoints: Annotated[int, typer.Option(help="How many endpoints.", min=1, max=51)] = 20,
    faults: Annotated[int, typer.Option(help="How many faults.", min=0)] = 30,
    seed: Annotated[int | None, typer.Option(help="What faults are drawn from.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep the logs in this folder.")] = None,
) -> None:
    """Send events while workers are killed, Postgres is restarted and receivers are down.

    Ends with 1 if an endpoint lacks an event, or has them out of order where order was asked for.

    Example: python -m tools.proof.webhooks --events 10000 --endpoints 20 --faults 30 --seed 7
    """
    drawn = random.randrange(10**6) if seed is None else seed  # noqa: S311
    plan = Plan(seed=drawn, events=events, endpoints=endpoints, faults=faults)
    folder = Path(keep or tempfile.mkdtemp(prefix="aftersales-webhooks-"))
    folder.mkdir(parents=True, exist_ok=True)
    console = wide_console()
    with bars(console, "orders", "faults", "sent") as on_step:
        outcome = uvloop.run(prove_webhooks(plan, folder, on_step))
    console.print(_table(outcome))
    for difference in outcome.differences[:50]:
        console.print(difference)
    if outcome.differences or keep:
        console.print(f"The logs are in {folder}")
    else:
        shutil.rmtree(folder)
    raise typer.Exit(1 if outcome.differences else 0)


def _table(outcome: Outcome) -> Table:
    table = Table("what", "figure", title=f"Webhooks under fire, seed {outcome.plan.seed}")
    rows = {
        "public events": outcome.events,
        "endpoints": outcome.plan.endpoints,
        "of them in order": len(outcome.plan.ordered),
        "deliveries due": outcome.events * outcome.plan.endpoints,
        "received and verified": outcome.received,
        "duplicates among them": outcome.duplicates,
        "refused by receivers that were down": outcome.refused,
        **{f"fault: {kind}": count for kind, count in sorted(outcome.faults.items())},
        "seconds": round(outcome.seconds, 1),
        "differences": len(outcome.differences),
    }
    for what, figure in rows.items():
        table.add_row(what, f"{figure:,}")
    return table


if __name__ == "__main__":
    app()
