"""Deliveries under fire: events, kills and outages side by side, then quiet, then the reckoning."""

import asyncio
import random
import secrets
import time
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from app.cli.listening import listen, make_server, serve_until, url_of
from app.clock import SystemClock
from app.command_handling.opening import open_command_handler
from app.event_store.recorded_event import Actor, Role
from app.migrate import migrate
from app.postgres.embedded.postgres import PostgresServer, temporary_postgres
from app.resources import Resources, open_resources
from app.sealing import Seal
from app.settings import Settings
from app.webhooks.catalog.payload import LATEST
from app.webhooks.endpoints.endpoint import Endpoint, EndpointSecrets, EndpointSettings, Owner
from app.webhooks.endpoints.service import Change
from tools.proof.processes import Member, clean_environment
from tools.proof.webhooks.driving import EVENTS_OF_AN_ORDER, live_orders
from tools.proof.webhooks.receiving import Receivers
from tools.proof.webhooks.verdict import differences, duplicates, expected_events

SHOP = "shop-1"
WORKERS = 2
LEASE_SECONDS = 4
OUTAGE_SECONDS = 2.0
QUIET_SECONDS_MIN = 900.0
SENT_PER_SECOND_MIN = 50
"""Slower than this it is given up, and what is left counts as missing."""
LOOK_SECONDS = 0.5
STRIKE_SECONDS_MAX = 60.0

PACE = {
    "AFTERSALES_WEBHOOK_LEASE_SECONDS": str(LEASE_SECONDS),
    "AFTERSALES_WEBHOOK_SPARE_SECONDS": "1",
    "AFTERSALES_CONNECT_TIMEOUT_SECONDS": "2",
}
"""What differs from the service's defaults: the same, only sooner."""

BEHIND = """
SELECT (SELECT count(*) FROM after_sales.checkpoints AS c
        JOIN after_sales.log_heads AS h ON h.partition_id = c.partition_id
        WHERE c.position < h.position) AS readers,
       (SELECT coalesce(sum(q.pending), 0) FROM after_sales.webhook_queues AS q) AS deliveries
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done. ``events`` at least; ``faults``: kills of workers and restarts of Postgres."""

    seed: int
    events: int
    endpoints: int
    faults: int

    @property
    def orders(self) -> int:
        """How many orders make so many events."""
        return -(-self.events // EVENTS_OF_AN_ORDER)

    @property
    def ordered(self) -> set[int]:
        """The endpoints that ask for order: every second one."""
        return set(range(0, self.endpoints, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it; without differences every endpoint has every event."""

    plan: Plan
    differences: list[str]
    events: int
    received: int
    duplicates: int
    refused: int
    faults: Mapping[str, int]
    seconds: float


@dataclass(slots=True, kw_only=True)
class _Striker:
    """Kills workers and restarts the database, and lets receivers be down, at random."""

    draws: random.Random
    workers: Sequence[Member]
    postgres: PostgresServer
    receivers: Receivers
    endpoints: int
    done: Counter[str] = field(default_factory=Counter)

    async def strike(self) -> None:
        """Strike once, and wait until what was struck is up again."""
        kind = self.draws.choice(("worker killed", "worker killed", "database", "receivers down"))
        self.done[kind] += 1
        if kind == "worker killed":
            worker = self.draws.choice(self.workers)
            await worker.kill_and_start(self.draws.uniform(0, 0.5))
        elif kind == "database":
            stop = self.draws.choice((self.postgres.kill, self.postgres.stop))
            await asyncio.to_thread(stop)
            await asyncio.to_thread(self.postgres.start)
        else:
            some = self.draws.sample(range(self.endpoints), max(1, self.endpoints // 4))
            self.receivers.down.update(some)
            await asyncio.sleep(OUTAGE_SECONDS)
            self.receivers.down.clear()


async def prove_webhooks(
    plan: Plan, folder: Path, on_step: Callable[[str, int, int], None] = lambda *_: None
) -> Outcome:
    """Carry out a plan in a folder, which keeps the logs."""
    began, receivers = time.monotonic(), Receivers()
    sealing_key = b64encode(secrets.token_bytes(32)).decode()
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(_served(receivers))
        postgres = stack.enter_context(temporary_postgres(durable=True))
        await migrate(postgres.url())
        settings = Settings(_env_file=None, database_url=postgres.url())
        resources = await stack.enter_async_context(open_resources(settings, SystemClock()))
        await _make_endpoints(resources, Seal([b64decode(sealing_key)]), plan, receivers, url)
        workers = [
            Member(
                name=f"worker-{number}",
                words=("worker",),
                environment=clean_environment(
                    **PACE,
                    AFTERSALES_DATABASE_URL=postgres.url(),
                    AFTERSALES_SEALING_KEY=sealing_key,
                    AFTERSALES_WEBHOOKS_ALLOW_PRIVATE="true",
                ),
                folder=folder,
            )
            for number in range(WORKERS)
        ]
        for worker in workers:
            stack.push_async_callback(asyncio.to_thread, worker.stop)
            worker.start()
        striker = _Striker(
            draws=random.Random(plan.seed),  # noqa: S311 - no secret
            workers=workers,
            postgres=postgres,
            receivers=receivers,
            endpoints=plan.endpoints,
        )
        await _live_and_strike(plan, resources, striker, on_step)
        due = plan.events * plan.endpoints
        patience = max(QUIET_SECONDS_MIN, due / SENT_PER_SECOND_MIN)
        await _wait_until_quiet(postgres.url(), patience, on_step)
        for worker in workers:
            await asyncio.to_thread(worker.stop)
        expected = await expected_events(postgres.url())
    found = differences(expected, receivers.arrived, plan.endpoints, plan.ordered)
    if receivers.forged:
        found.append(f"{receivers.forged} requests were not signed rightly")
    found += [surprise for worker in workers for surprise in worker.surprises]
    return Outcome(
        plan=plan,
        differences=found,
        events=len(expected),
        received=receivers.total,
        duplicates=duplicates(receivers.arrived),
        refused=receivers.refused.total(),
        faults=striker.done,
        seconds=time.monotonic() - began,
    )


async def _live_and_strike(
    plan: Plan, resources: Resources, striker: _Striker, on_step: Callable[[str, int, int], None]
) -> None:
    """Let orders live, and strike whenever another share of the deliveries has arrived."""
    over, deliveries = 0, plan.events * plan.endpoints
    async with open_command_handler(resources, SystemClock()) as handler:

        def on_order() -> None:
            nonlocal over
            over += 1
            on_step("orders", over, plan.orders)

        living = asyncio.create_task(live_orders(handler, SHOP, plan.orders, on_order))
        for number in range(1, plan.faults + 1):
            await _received(striker.receivers, deliveries * number // (plan.faults + 1))
            await striker.strike()
            on_step("faults", number, plan.faults)
        await living


async def _received(receivers: Receivers, enough: int) -> None:
    """Wait until so much has arrived; not for ever, if no more does."""
    with suppress(TimeoutError):
        async with asyncio.timeout(STRIKE_SECONDS_MAX):
            while receivers.total < enough:  # noqa: ASYNC110 - counted where it arrives
                await asyncio.sleep(0.005)


async def _wait_until_quiet(
    database_url: str, patience: float, on_step: Callable[[str, int, int], None]
) -> None:
    """Wait so many seconds at most until readers have followed and nothing is pending.

    What is left then the verdict names.
    """
    deadline, most = time.monotonic() + patience, 1
    connection = await asyncpg.connect(database_url)
    try:
        while time.monotonic() < deadline:
            row = await connection.fetchrow(BEHIND)
            assert row is not None  # noqa: S101 - no table is asked for
            pending = int(row["deliveries"])
            most = max(most, pending)
            on_step("sent", most - pending, most)
            if not row["readers"] and not pending:
                return
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await connection.close()


async def _make_endpoints(
    resources: Resources, seal: Seal, plan: Plan, receivers: Receivers, url: str
) -> None:
    """Make the endpoints, one of them the platform's."""
    for number in range(plan.endpoints):
        endpoint, own = await make_endpoint(
            *(resources, seal, None if number == 0 else SHOP, f"{url}/hooks/{number}"),
            ordered=number in plan.ordered,
        )
        receivers.secrets[number] = own.newest
        receivers.public_keys[number] = endpoint.public_key


async def make_endpoint(
    resources: Resources,
    seal: Seal,
    shop_id: str | None,
    url: str,
    *,
    ordered: bool = False,
    event_types: tuple[str, ...] | None = None,
) -> tuple[Endpoint, EndpointSecrets]:
    """Make an endpoint of a shop, or with None of the platform."""
    settings = EndpointSettings(
        url=url,
        description=None,
        event_types=event_types,
        ordered=ordered,
        rate_per_second=None,
        headers=None,
    )
    async with resources.pool.acquire() as connection, connection.transaction():
        change = Change(
            connection=connection,
            seal=seal,
            owner=Owner(shop_id),
            actor=Actor(role=Role.PLATFORM, id="proof"),
            at=resources.clock.now(),
            test_mode=False,
            correlation_id="proof",
        )
        return await change.create(settings, LATEST.value)


@asynccontextmanager
async def _served(receivers: Receivers) -> AsyncIterator[str]:
    stop, listener = asyncio.Event(), listen("127.0.0.1", 0)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve_until(make_server(receivers.application()), listener, stop))
        try:
            yield url_of(listener)
        finally:
            stop.set()
