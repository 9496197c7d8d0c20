"""Webhooks sent a second, against a bare httpx loop, and how long after its commit one arrives."""

import asyncio
import secrets
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg
import httpx
from uuid_utils.compat import uuid7

from app.clock import SystemClock
from app.event_store.recorded_event import Actor, Role
from app.projections.checkpoints import ensure_checkpoints
from app.sealing import Seal
from app.topology import Topology
from app.webhooks.breaker import HealthPolicy
from app.webhooks.catalog.payload import LATEST
from app.webhooks.deliveries.fan_out import FANOUT_READER
from app.webhooks.deliveries.opening import fan_out_runner
from app.webhooks.deliveries.worker import DeliveryWorker
from app.webhooks.egress_policy import EgressPolicy
from app.webhooks.endpoints.endpoint import EndpointSettings, Owner
from app.webhooks.endpoints.service import Change
from app.webhooks.sending import Sender, open_sender
from tools.bench.append_rows import batcher_of
from tools.bench.figures import Figure, Goal, Part
from tools.bench.orders import appends_of, opened_order, shop_number
from tools.bench.processes import receiver_process, worker_process
from tools.bench.rounds import Comparison, Round, in_turns, percentile
from tools.bench.run import Run, pool_of
from tools.bench.seeding import readers_caught_up, tidy

ENDPOINTS = 8
CONCURRENT = ENDPOINTS * HealthPolicy().concurrency_max
DELIVERIES_PER_ROUND = 1_000
DELIVERIES_PER_ROUND_FULL = 10_000
POOL_CONNECTIONS = 10
PEAK_EVENTS = 1_000
PACED_SECONDS = 4
PACED_EVENTS_MIN = 200
DELIVER_SECONDS_MAX = 300.0

_PENDING_AFTER_A_MOMENT = """
SELECT coalesce(sum(q.pending), 0)
FROM (SELECT pg_sleep(0.005)) AS moment LEFT JOIN after_sales.webhook_queues AS q ON true
"""
_SAMPLE = "SELECT m.body FROM after_sales.webhook_messages AS m LIMIT 1"
_RECORDED = """
SELECT d.message_id, extract(epoch FROM e.recorded_at)::double precision AS at
FROM after_sales.webhook_deliveries AS d
JOIN after_sales.events AS e ON e.partition_id = d.partition_id AND e.position = d.position
WHERE e.recorded_at > $1
"""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@dataclass(slots=True, kw_only=True)
class _Bench:
    """A database with endpoints of one receiver, and what is measured on it."""

    url: str
    port: int
    key: str
    connection: Connection
    deliveries: int
    made: int = 0

    async def happen(self, events: int, per_second: float | None = None) -> None:
        """Let entries be opened, each an event for one endpoint; all at once, or at a rate."""
        numbers = range(self.made, self.made + events)
        self.made += events
        places = [(shop_number(number % ENDPOINTS), f"hook-{number:07d}") for number in numbers]
        appends = [appends_of(*place, opened_order(*place)) for place in places]
        loop = asyncio.get_running_loop()
        async with batcher_of(self.url, announced=True) as batcher, asyncio.TaskGroup() as tasks:
            began = loop.time()
            for number, append in enumerate(appends):
                if per_second is not None:
                    await asyncio.sleep(max(began + number / per_second - loop.time(), 0))
                tasks.create_task(batcher.append(append))

    async def delivered(self) -> None:
        """Wait until nothing is to be sent any more."""
        async with asyncio.timeout(DELIVER_SECONDS_MAX):
            while await self.connection.fetchval(_PENDING_AFTER_A_MOMENT):
                pass

    async def arrived(self) -> dict[str, float]:
        """Ask the receiver what came when."""
        async with httpx.AsyncClient(trust_env=False) as client:
            found: dict[str, float] = (await client.get(self._receiver)).json()
        return found

    async def by_worker(self, sender: Sender) -> Round:
        """Send what is queued, and record how it went: claims and their commits included."""
        await self.happen(self.deliveries)
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        async with pool_of(self.url, POOL_CONNECTIONS) as pool:
            await fan_out_runner(pool, Topology.SINGLE).run_until_caught_up()
            await tidy(self.connection)
            worker = DeliveryWorker(pool, sender, Seal([b64decode(self.key)]), SystemClock())
            began = loop.time()
            working = asyncio.create_task(worker.run(stop))
            await self.delivered()
            seconds = loop.time() - began
            stop.set()
            await working
        return Round(seconds=seconds, operations=self.deliveries)

    async def by_httpx(self, clients: Sequence[httpx.AsyncClient]) -> Round:
        """Post as many bodies of the same size, as many at a time, and keep no record.

        A client for each endpoint: what one takes for a request grows with its connections.
        """
        body = str(await self.connection.fetchval(_SAMPLE)).encode()
        loop, left = asyncio.get_running_loop(), iter(range(self.deliveries))
        headers = {"content-type": "application/json", "webhook-signature": "v1," + "x" * 132}

        async def post(client: httpx.AsyncClient) -> None:
            for _ in left:
                own = {**headers, "webhook-id": str(uuid7())}
                answer = await client.post(self._receiver, content=body, headers=own)
                answer.raise_for_status()

        began = loop.time()
        async with asyncio.TaskGroup() as tasks:
            for number in range(CONCURRENT):
                tasks.create_task(post(clients[number % ENDPOINTS]))
        return Round(seconds=loop.time() - began, operations=self.deliveries)

    @property
    def _receiver(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"


async def measure_webhooks(run: Run) -> Part:
    """Send in turns with a bare loop; then follow events at half of what a worker keeps up with."""
    deliveries = DELIVERIES_PER_ROUND_FULL if run.full else DELIVERIES_PER_ROUND
    async with _opened(run, deliveries) as bench:
        throughput = await _throughput(run, bench)
        delays_ms, peak = await _freshness(bench)
    return _part(throughput, delays_ms, peak, deliveries)


@asynccontextmanager
async def _opened(run: Run, deliveries: int) -> AsyncIterator[_Bench]:
    key = b64encode(secrets.token_bytes(32)).decode()
    async with run.database() as url:
        connection = await asyncpg.connect(url)
        try:
            with receiver_process() as port:
                await ensure_checkpoints(connection, [FANOUT_READER])
                await _make_endpoints(connection, key, f"http://127.0.0.1:{port}/hooks")
                yield _Bench(
                    url=url, port=port, key=key, connection=connection, deliveries=deliveries
                )
        finally:
            await connection.close()


async def _make_endpoints(connection: Connection, key: str, url: str) -> None:
    settings = EndpointSettings(
        url=url,
        description=None,
        event_types=None,
        ordered=False,
        rate_per_second=None,
        headers=None,
    )
    for number in range(ENDPOINTS):
        async with connection.transaction():
            change = Change(
                connection=connection,
                seal=Seal([b64decode(key)]),
                owner=Owner(shop_number(number)),
                actor=Actor(role=Role.PLATFORM, id="bench"),
                at=SystemClock().now(),
                test_mode=False,
                correlation_id="bench",
            )
            await change.create(settings, LATEST.value)


async def _throughput(run: Run, bench: _Bench) -> Comparison:
    async with AsyncExitStack() as stack:
        sender = await stack.enter_async_context(
            open_sender(EgressPolicy(private=True), SystemClock())
        )
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
            for _ in range(ENDPOINTS)
        ]

        async def subject() -> Round:
            return await bench.by_worker(sender)

        async def baseline() -> Round:
            return await bench.by_httpx(clients)

        await subject()  # warms up; so does a round of the other
        await baseline()
        return await in_turns(run.rounds, subject, baseline, run.on_step)


async def _freshness(bench: _Bench) -> tuple[list[float], float]:
    """Return how long webhooks took at half of the rate that a whole worker keeps up with."""
    loop = asyncio.get_running_loop()
    settings = {
        "AFTERSALES_SEALING_KEY": bench.key,
        "AFTERSALES_WEBHOOKS_ALLOW_PRIVATE": "true",
    }
    with worker_process(bench.url, **settings):
        await readers_caught_up(bench.connection)
        began = loop.time()
        await bench.happen(PEAK_EVENTS)
        await _all_done(bench)
        peak = PEAK_EVENTS / (loop.time() - began)
        await tidy(bench.connection)
        since = await bench.connection.fetchval("SELECT clock_timestamp()")
        await bench.happen(max(int(peak / 2 * PACED_SECONDS), PACED_EVENTS_MIN), peak / 2)
        await _all_done(bench)
    recorded = await bench.connection.fetch(_RECORDED, since)
    return _delays_ms(recorded, await bench.arrived()), peak


async def _all_done(bench: _Bench) -> None:
    await readers_caught_up(bench.connection)
    await bench.delivered()


def _delays_ms(recorded: Sequence[asyncpg.Record], arrived: dict[str, float]) -> list[float]:
    """Return for every delivery the time from its event's recording; KeyError if one is missing."""
    return [(arrived[str(row["message_id"])] - row["at"]) * 1000 for row in recorded]


def _part(throughput: Comparison, delays_ms: list[float], peak: float, deliveries: int) -> Part:
    p50 = percentile(delays_ms, 0.5)
    conditions = {"peak_per_second": round(peak), "events": len(delays_ms), "p50_ms": round(p50, 1)}
    return Part(
        figures=(
            throughput.throughput(
                f"webhooks delivered, {CONCURRENT} at a time",
                0.6,
                concurrent=CONCURRENT,
                endpoints=ENDPOINTS,
                deliveries_per_round=deliveries,
            ),
            Figure(
                what="commit to webhook received at half of peak: p99",
                value=percentile(delays_ms, 0.99),
                unit="ms",
                baseline=None,
                target=150.0,
                goal=Goal.AT_MOST,
                conditions=conditions,
            ),
        ),
        notes=(
            f"webhooks: {deliveries:,} deliveries a round to {ENDPOINTS} endpoints, each with its "
            "shop; claims, both signatures, attempts, their records and commits included; queued "
            "before. Baseline: httpx clients in the same process, one an endpoint, post as many "
            "bodies of the same size, as many at a time, and keep no record. One receiver in a "
            "separate process for both.",
            f"webhook freshness: {len(delays_ms):,} events of which each is sent once, at "
            f"{peak / 2:,.0f} a second, half of the {peak:,.0f} that a worker with all its readers "
            "keeps up with; from the event's recorded_at (a little before its commit) to the "
            f"receiver. Every event comes with an order of three more. p50 {p50:.1f} ms.",
        ),
    )
