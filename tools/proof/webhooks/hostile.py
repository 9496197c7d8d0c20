"""`python -m tools.proof.webhooks.hostile`: latency of healthy endpoints, alone and beside hostile.

Measured from the commit of an event to its arrival, by one clock of one machine.
"""

import asyncio
import json
import secrets
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.table import Table

from app.clock import SystemClock
from app.command_handling.opening import open_command_handler
from app.migrate import migrate
from app.postgres.embedded.postgres import temporary_postgres
from app.reactions.public_types import EventType
from app.resources import Resources, open_resources
from app.sealing import Seal
from app.settings import Settings
from app.webhooks.catalog.public_event import id_of
from tests.webhooks.receivers import Connection, receiving
from tools.bench.table import wide_console
from tools.proof.processes import Member, clean_environment
from tools.proof.webhooks.driving import open_one
from tools.proof.webhooks.run import SHOP, make_endpoint

RATIO_MAX = 2.0
WARM_UP = 40
RECORDED = """
SELECT e.event_id, e.recorded_at FROM after_sales.events AS e
WHERE e.type = 'AfterSalesEntryOpened'
"""

app = typer.Typer(add_completion=False)


@dataclass(slots=True)
class _Timing:
    """A good receiver that notes when each event came first."""

    keeps_alive = True
    came: dict[str, float] = field(default_factory=dict)

    async def __call__(self, connection: Connection) -> None:
        self.came.setdefault(json.loads(connection.request.body)["id"], time.time())
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


@app.command()
def main(
    events: Annotated[int, typer.Option(help="Events measured, each time.", min=20)] = 400,
    per_second: Annotated[float, typer.Option(help="How many are made a second.")] = 20,
    healthy: Annotated[int, typer.Option(help="Healthy endpoints.", min=1)] = 5,
) -> None:
    """Measure the latency of healthy endpoints alone, and then beside every hostile receiver.

    Ends with 1 if the median beside them is more than twice that of alone.
    """
    alone, beside = asyncio.run(_measure(events, per_second, healthy))
    table = Table("healthy endpoints", "median ms", "95th ms", title="Commit to arrival")
    for what, latencies in (("alone", alone), ("beside hostile ones", beside)):
        figures = (median(latencies), quantiles(latencies, n=20)[-1])
        table.add_row(what, *(f"{figure:.1f}" for figure in figures))
    ratio = median(beside) / median(alone)
    table.add_row("ratio of the medians", f"{ratio:.2f}", "")
    wide_console().print(table)
    raise typer.Exit(1 if ratio > RATIO_MAX else 0)


async def _measure(events: int, per_second: float, healthy: int) -> tuple[list[float], list[float]]:
    sealing_key = b64encode(secrets.token_bytes(32)).decode()
    seal, timings = Seal([b64decode(sealing_key)]), [_Timing() for _ in range(healthy)]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        postgres = stack.enter_context(temporary_postgres(durable=True))
        await migrate(postgres.url())
        settings = Settings(_env_file=None, database_url=postgres.url())
        resources = await stack.enter_async_context(open_resources(settings, SystemClock()))
        for timing in timings:
            receiver = await stack.enter_async_context(receiving(timing))
            # Not of a neighbour's end: it would be counted as one of the events.
            wanted = (EventType.ENTRY_OPENED.value,)
            url = receiver.url("127.0.0.1")
            await make_endpoint(resources, seal, SHOP, url, event_types=wanted)
        worker = Member(
            name="worker",
            words=("worker",),
            environment=clean_environment(
                AFTERSALES_DATABASE_URL=postgres.url(),
                AFTERSALES_SEALING_KEY=sealing_key,
                AFTERSALES_WEBHOOKS_ALLOW_PRIVATE="true",
            ),
            folder=folder,
        )
        stack.push_async_callback(asyncio.to_thread, worker.stop)
        worker.start()
        await _tell(resources, "warm-up", WARM_UP, per_second, timings)
        await _tell(resources, "alone", events, per_second, timings)
        alone = await _latencies(resources, timings)
        async for url in _hostile(stack):
            await make_endpoint(resources, seal, SHOP, url)
        await _tell(resources, "beside", events, per_second, timings)
        beside = await _latencies(resources, timings)
    return alone[-events * healthy :], beside[-events * healthy :]


async def _hostile(stack: AsyncExitStack) -> AsyncIterator[str]:
    """Start the hostile receivers and return where they are."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.proof.webhooks.hostile_receivers", stdin=pipe, stdout=pipe
    )
    assert process.stdout is not None  # noqa: S101 - as asked for
    stack.push_async_callback(process.wait)
    stack.callback(process.kill)
    while url := (await process.stdout.readline()).decode().strip():
        yield url


async def _tell(
    resources: Resources,
    name: str,
    events: int,
    per_second: float,
    timings: Sequence[_Timing],
) -> None:
    """Make events at a steady pace, and wait until they have arrived everywhere."""
    had = [len(timing.came) for timing in timings]
    async with (
        open_command_handler(resources, SystemClock()) as handler,
        asyncio.TaskGroup() as tasks,
    ):
        for number in range(events):
            tasks.create_task(open_one(handler, SHOP, f"{name}-{number}"))
            await asyncio.sleep(1 / per_second)
    async with asyncio.timeout(120):
        while any(  # noqa: ASYNC110 - counted where they arrive
            len(timing.came) < before + events for timing, before in zip(timings, had, strict=True)
        ):
            await asyncio.sleep(0.05)


async def _latencies(resources: Resources, timings: Sequence[_Timing]) -> list[float]:
    """Return how many milliseconds each arrival took, in the order of commits."""
    rows = await resources.pool.fetch(f"{RECORDED} ORDER BY e.recorded_at")
    return [
        1_000 * (timing.came[str(event_id)] - row["recorded_at"].timestamp())
        for row in rows
        for event_id in [id_of(row["event_id"], EventType.ENTRY_OPENED)]
        for timing in timings
    ]


if __name__ == "__main__":
    app()
