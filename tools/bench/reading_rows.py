"""Reading: one order with its log over HTTP, and rebuilding every view from the log."""

import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import asyncpg
import psutil
import uvloop

from app.event_store.tables import SCHEMA, metadata
from app.event_types.registry import event_codec
from app.postgres.pool import open_pool
from app.projection_registry import READERS
from app.projections.checkpoints import ensure_checkpoints
from app.projections.rebuild import Rebuild, RebuildProgress
from tools.bench.figures import Figure, Part
from tools.bench.filling import fill_with_orders
from tools.bench.http_load import Load, http_request, load_process
from tools.bench.merchants import merchant_keys
from tools.bench.processes import api_process, worker_process
from tools.bench.rounds import Round, in_turns
from tools.bench.run import Run, settings_for
from tools.bench.seeding import readers_caught_up, tidy

CONNECTIONS = 64
READS_PER_ROUND = 2_000
ORDERS_EVENTS = 8_000
REBUILT_EVENTS = 100_000
REBUILT_EVENTS_FULL = 1_000_000

_LOG_TABLES = {"log_heads", "events", "idempotency_keys", "checkpoints", "api_keys"}


async def measure_order_reads(run: Run) -> Part:
    """Get orders with their logs, in turns with a route that selects one row by its key."""
    async with run.database() as url:
        connection = await asyncpg.connect(url)
        keys = await merchant_keys(connection)
        places = await fill_with_orders(url, ORDERS_EVENTS)
        with worker_process(url):
            await readers_caught_up(connection)
        await tidy(connection)
        with api_process(url) as port, load_process() as process:
            wanted = [places[number % len(places)] for number in range(READS_PER_ROUND)]

            async def sent(requests: Sequence[bytes]) -> Round:
                return await process.send(
                    Load(port=port, connections=CONNECTIONS, requests=requests)
                )

            async def subject() -> Round:
                return await sent(
                    [
                        http_request(
                            "GET",
                            f"/v1/shops/{shop_id}/orders/{order_id}",
                            authorization=f"Bearer {keys[shop_id]}",
                        )
                        for shop_id, order_id in wanted
                    ]
                )

            async def baseline() -> Round:
                return await sent(
                    [
                        http_request("GET", f"/bench/shops/{shop_id}/orders/{order_id}")
                        for shop_id, order_id in wanted
                    ]
                )

            await subject()
            await baseline()
            found = await in_turns(run.rounds, subject, baseline, run.on_step)
        await connection.close()
    what = f"GET one order with its log, {CONNECTIONS} connections"
    return Part(
        figures=(
            found.throughput(what, 0.5, connections=CONNECTIONS),
            found.latency(f"{what}: p99", 0.99, 2.0, connections=CONNECTIONS),
        ),
        notes=(
            "GET: key checked, row and newer events in one query, log entries in another, answer "
            "rendered; views current. Baseline: a bare route that selects one row by its key and "
            "sends what is in it.",
        ),
    )


async def measure_rebuild(run: Run) -> Part:
    """Rebuild every view from the log, and COPY the same rows into tables like theirs."""
    events = REBUILT_EVENTS_FULL if run.full else REBUILT_EVENTS
    async with run.database() as url:
        connection = await asyncpg.connect(url)
        await fill_with_orders(url, events)
        await ensure_checkpoints(connection, [reader.name for reader in READERS])
        await tidy(connection)
        rebuilt, grown = await _rebuild_in_process(url)
        run.on_step()
        copied, rows = await _copy(connection)
        run.on_step()
        await connection.close()
    figure = Figure(
        what=f"rebuild of {events:,} events, all views",
        value=events / rebuilt,
        unit="events/s",
        baseline=events / copied,
        target=0.2,
        conditions={"events": events, "rows": rows, "memory_grown_mib": round(grown, 1)},
    )
    return Part(
        figures=(figure,),
        notes=(
            f"rebuild: {len(READERS)} readers one after the other, each partition in one "
            f"transaction, {rows:,} rows made; memory of the process grew by {grown:.0f} MiB at "
            "most. Baseline: binary COPY of the same rows into tables with the same indexes, as if "
            "it too were events a second. One round.",
        ),
    )


async def _rebuild_in_process(url: str) -> tuple[float, float]:
    """Return the seconds a rebuild takes and by how many MiB its process grows meanwhile."""
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawning) as executor:
        loop = asyncio.get_running_loop()
        seconds, grown_mib = await loop.run_in_executor(executor, _rebuild, url)
        return seconds, grown_mib


def _rebuild(url: str) -> tuple[float, float]:
    process, most = psutil.Process(), 0.0

    def look(_progress: RebuildProgress) -> None:
        nonlocal most
        most = max(most, process.memory_info().rss)

    async def rebuild() -> None:
        async with open_pool(url, settings_for(url)) as pool:
            for reader in READERS:
                await Rebuild(pool=pool, codec=event_codec(), reader=reader, on_progress=look).run()

    before, began = process.memory_info().rss, time.perf_counter()
    uvloop.run(rebuild())
    return time.perf_counter() - began, (most - before) / 2**20


async def _copy(connection: "asyncpg.Connection[asyncpg.Record]") -> tuple[float, int]:
    """Return the seconds that COPY takes for the rows of all views, and their number."""
    seconds, rows = 0.0, 0
    for table in sorted(table.name for table in metadata.tables.values()):
        if table in _LOG_TABLES:
            continue
        await connection.execute(
            f"CREATE TABLE bench.{table} (LIKE {SCHEMA}.{table} INCLUDING ALL)"
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / table
            await connection.copy_from_table(
                table, schema_name=SCHEMA, output=path, format="binary"
            )
            began = time.perf_counter()
            said = await connection.copy_to_table(
                table, schema_name="bench", source=path, format="binary"
            )
            seconds += time.perf_counter() - began
        rows += int(said.split()[-1])
    return seconds, rows
