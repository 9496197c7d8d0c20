"""How long after its commit a command shows in the list, at half of the peak load."""

import asyncio
import bisect
import time
from collections import defaultdict
from collections.abc import Mapping

import asyncpg

from tools.bench.figures import Figure, Goal, Part
from tools.bench.http_load import Load, load_process
from tools.bench.merchants import merchant_keys, opening
from tools.bench.processes import api_process, worker_process
from tools.bench.rounds import percentile
from tools.bench.run import Run
from tools.bench.seeding import readers_caught_up, seed_received_orders, tidy

CONNECTIONS = 64
PEAK_COMMANDS = 2_000
PACED_SECONDS = 4
POLL_SECONDS = 0.002
PEAK_PER_SECOND_MAX = 3_000

# One row a poll, and by the server's clock, as recorded_at is.
_LOOK = """
SELECT clock_timestamp() AS at, array_agg(c.position ORDER BY c.partition_id) AS positions
FROM after_sales.checkpoints AS c WHERE c.reader = 'orders'
"""
_RECORDED = """
SELECT e.partition_id, e.position, e.recorded_at FROM after_sales.events AS e
WHERE e.type = 'AfterSalesEntryOpened' AND e.recorded_at > $1
"""

Looks = list[asyncpg.Record]


async def measure_freshness(run: Run) -> Part:
    """Open entries at half of the rate that can be had, and watch the list's checkpoints."""
    async with run.database() as url:
        connection = await asyncpg.connect(url)
        keys = await merchant_keys(connection)
        seeded = PEAK_COMMANDS + PACED_SECONDS * PEAK_PER_SECOND_MAX // 2
        places = await seed_received_orders(url, seeded)
        requests = [opening(keys, *place) for place in places]
        with worker_process(url), api_process(url) as port, load_process() as process:
            await readers_caught_up(connection)
            await tidy(connection)
            peak_load = Load(port=port, connections=CONNECTIONS, requests=requests[:PEAK_COMMANDS])
            peak = min((await process.send(peak_load)).per_second, PEAK_PER_SECOND_MAX)
            run.on_step()
            await readers_caught_up(connection)
            since = await connection.fetchval("SELECT clock_timestamp()")
            paced = requests[PEAK_COMMANDS:][: int(peak / 2 * PACED_SECONDS)]
            sending = asyncio.create_task(
                process.send(
                    Load(port=port, connections=CONNECTIONS, requests=paced, per_second=peak / 2)
                )
            )
            looks = await _look_until(connection, sending)
            run.on_step()
            recorded = await connection.fetch(_RECORDED, since)
        await connection.close()
    return _part(_delays_ms(recorded, looks), peak)


async def _look_until(
    connection: "asyncpg.Connection[asyncpg.Record]", sending: "asyncio.Task[object]"
) -> Looks:
    """Look at the checkpoints again and again, until a second after the last command."""
    looks: Looks = []
    ends = float("inf")
    while time.perf_counter() < ends:
        looks += await connection.fetch(_LOOK)
        if sending.done() and ends == float("inf"):
            await sending
            ends = time.perf_counter() + 1.0
        await asyncio.sleep(POLL_SECONDS)
    return looks


def _delays_ms(recorded: Looks, looks: Looks) -> list[float]:
    """Return, for every event, the time from its recording to the first look that shows it."""
    positions: Mapping[int, list[int]] = defaultdict(list)
    for look in looks:
        for partition_id, position in enumerate(look["positions"]):
            positions[partition_id].append(position)
    delays = []
    for event in recorded:
        first = bisect.bisect_left(positions[event["partition_id"]], event["position"])
        if first == len(looks):
            raise TimeoutError("a view stayed behind for more than a second")
        delays.append((looks[first]["at"] - event["recorded_at"]).total_seconds() * 1000)
    return delays


def _part(delays_ms: list[float], peak: float) -> Part:
    conditions = {"peak_per_second": round(peak), "events": len(delays_ms)}
    figures = (
        Figure(
            what="commit to list row at half of peak: p99",
            value=percentile(delays_ms, 0.99),
            unit="ms",
            baseline=None,
            target=50.0,
            goal=Goal.AT_MOST,
            conditions={**conditions, "p50_ms": round(percentile(delays_ms, 0.5), 1)},
        ),
    )
    note = (
        f"freshness: {len(delays_ms):,} entries opened over HTTP at {peak / 2:,.0f} a second, half "
        f"of the {peak:,.0f} that {CONNECTIONS} connections get; from the event's recorded_at (a "
        f"little before its commit) to the first look, every {POLL_SECONDS * 1000:.0f} ms, that "
        f"finds the list's checkpoint past it. p50 {percentile(delays_ms, 0.5):.1f} ms."
    )
    return Part(figures=figures, notes=(note,))
