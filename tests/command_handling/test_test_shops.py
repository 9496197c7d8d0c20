"""Commands of shops in test mode, and of shops that are just about to be."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app.clock import ManualClock
from app.command_handling.apply_due_deadlines import Silent
from app.command_handling.funds_states import FundsStates
from app.command_handling.handler import CommandHandler
from app.command_handling.requests import IdempotencyKey, OrderRequest
from app.domain.order.commands import OrderCommand
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.registration import RecordReceiptConfirmation, RecordShipment, RegisterOrder
from app.domain.policy import POLICY
from app.event_store.append import Append, Outcome
from app.event_store.append_batcher import AppendBatcher
from app.event_store.connections import OwnConnection
from app.event_store.log import EventLog
from app.event_store.recorded_event import Actor, ClockKind, Role
from app.event_store.stream_loader import StreamLoader
from app.event_store.streams import order_stream, partition_of
from app.event_types.registry import funds_codec, order_codec
from app.postgres.pool import Pool, connect
from app.processes.test_clocks import ClockLimits, TestClockWorker
from app.resources import Resources
from app.shop_clocks.clocks import (
    LOCK_HEAD,
    ClockRefusalCode,
    ClockRefused,
    ShopClocks,
    TestClock,
    fetch_test_clock,
)
from app.topology import Topology
from app.worker import act_and_tell_with
from tests.conftest import START
from tests.event_store.polling import until_blocked
from tests.projections.event_log import Logged
from tests.support.orders import (
    BUYER,
    DAY,
    ORDER,
    RECEIVED,
    SHIPPED,
    SHOP,
    order_facts,
    request_refund,
)
from tests.support.test_mode import Happened, ShopInTestMode, falls_due, given_test_clock

CODEC = order_codec()
AHEAD = START + 300 * DAY
"""Where the clocks of test shops stand here."""


class Looks:
    """Counts how often the database is asked for a shop's clock."""

    def __init__(self, pool: Pool) -> None:
        self.count = 0
        self._pool = pool

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """Count a query and run it."""
        self.count += 1
        return await self._pool.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None:
        """Count a query and run it."""
        self.count += 1
        return await self._pool.fetchrow(query, *args)


class InterruptedBatcher(AppendBatcher):
    """A batcher before whose next append something else happens."""

    before: Callable[[], Awaitable[object]] | None = None

    async def append(self, item: Append) -> Outcome:
        before, self.before = self.before, None
        if before is not None:
            await before()
        return await super().append(item)


@pytest.fixture
def looks(resources: Resources) -> Looks:
    return Looks(resources.pool)


@pytest.fixture(params=list(Topology))
async def batcher(
    resources: Resources, request: pytest.FixtureRequest
) -> AsyncIterator[InterruptedBatcher]:
    """Open a batcher, through each of the two append functions."""

    async def own_connection() -> OwnConnection:
        return await connect(resources.database_url, resources.settings)

    batcher = InterruptedBatcher(own_connection, topology=request.param)
    async with batcher:
        yield batcher


@pytest.fixture
def handler(
    resources: Resources, clock: ManualClock, batcher: InterruptedBatcher, looks: Looks
) -> CommandHandler:
    loads = StreamLoader(resources.pool)
    return CommandHandler(
        loads=loads,
        batcher=batcher,
        codec=CODEC,
        funds=FundsStates(resources.pool, loads, funds_codec()),
        clocks=ShopClocks(looks, clock),
        policy=POLICY,
    )


def asking(*commands: OrderCommand, shop_id: str = SHOP, **given: Any) -> OrderRequest:
    """Ask for commands on an order of a shop."""
    return OrderRequest(
        shop_id=shop_id,
        order_id=ORDER,
        commands=commands,
        actor=Actor(role=Role.PLATFORM, id="tests"),
        correlation_id="correlation",
        **given,
    )


def registering(created_in: timedelta = -DAY, *, shop_id: str = SHOP, **given: Any) -> OrderRequest:
    """Ask for an order to be registered that was created so long after the real present."""
    facts = order_facts(shop_id=shop_id, created_at=START + created_in)
    return asking(RegisterOrder(facts=facts), shop_id=shop_id, **given)


async def clocks_of(pool: Pool, shop_id: str = SHOP) -> list[tuple[ClockKind, object]]:
    """Return by which clock each event of the order was decided, and at what instant."""
    history = await EventLog(CODEC).read_stream(
        pool, partition_of(shop_id), order_stream(shop_id, ORDER)
    )
    return [(recorded.metadata.clock, recorded.event.at) for recorded in history]


async def created(pool: Pool, shop_id: str = SHOP) -> TestClock:
    """Give a shop its clock."""
    return await given_test_clock(pool, shop_id, AHEAD, real_now=START)


async def test_a_shop_in_production_costs_no_look_for_a_clock(
    handler: CommandHandler, looks: Looks
) -> None:
    for request in (
        registering(assumed_new=True),
        registering(),
        registering(shop_id="shop-2"),
        asking(RecordShipment(shipped_at=START)),
        asking(request_refund(), buyer_id=BUYER),
        asking(request_refund(), buyer_id=BUYER),
    ):
        await handler.handle(request, Silent())
    assert looks.count == 0


@pytest.mark.parametrize("assumed_new", [False, True])
async def test_a_test_shops_first_event_is_of_its_clock(
    handler: CommandHandler, resources: Resources, assumed_new: bool
) -> None:
    await created(resources.pool)
    answer = await handler.handle(registering(assumed_new=assumed_new), Silent())
    assert answer.status == 200
    assert await clocks_of(resources.pool) == [(ClockKind.TEST, AHEAD)]


@pytest.mark.parametrize("assumed_new", [False, True])
async def test_facts_of_a_test_shop_may_lie_ahead_of_real_time_up_to_its_clock(
    handler: CommandHandler, resources: Resources, assumed_new: bool
) -> None:
    await created(resources.pool)
    refused = await handler.handle(
        registering(301 * DAY, assumed_new=assumed_new, idempotency=key("1")), Silent()
    )
    granted = await handler.handle(
        registering(299 * DAY, assumed_new=assumed_new, idempotency=key("2")), Silent()
    )
    again = await handler.handle(registering(299 * DAY, idempotency=key("2")), Silent())
    assert (refused.status, granted.status, again.replayed) == (409, 200, True)
    assert await clocks_of(resources.pool) == [(ClockKind.TEST, AHEAD)]


def key(name: str) -> IdempotencyKey:
    """Return a key of a client."""
    return IdempotencyKey(scope="tests", key=name, fingerprint=name.encode())


@pytest.mark.parametrize("assumed_new", [False, True])
async def test_a_clock_made_between_decision_and_append_is_found_before_the_event_is_written(
    handler: CommandHandler, resources: Resources, batcher: InterruptedBatcher, assumed_new: bool
) -> None:
    batcher.before = lambda: created(resources.pool)
    answer = await handler.handle(registering(assumed_new=assumed_new), Silent())
    assert answer.status == 200
    assert await clocks_of(resources.pool) == [(ClockKind.TEST, AHEAD)]


async def test_a_clock_asked_for_while_a_first_event_is_being_written_is_refused(
    handler: CommandHandler, resources: Resources
) -> None:
    connection = await connect(resources.database_url, resources.settings)
    transaction = connection.transaction()
    await transaction.start()
    await connection.fetch(LOCK_HEAD, partition_of(SHOP))
    registration = asyncio.create_task(handler.handle(registering(), Silent()))
    await until_blocked(connection, 1)
    creation = asyncio.create_task(created(resources.pool))
    await until_blocked(connection, 2)
    await transaction.rollback()
    await connection.close()
    assert (await registration).status == 200
    with pytest.raises(ClockRefused) as refused:
        await creation
    assert refused.value.code is ClockRefusalCode.SHOP_IN_PRODUCTION
    assert await clocks_of(resources.pool) == [(ClockKind.SYSTEM, START)]


async def test_of_a_first_order_and_a_clock_asked_for_at_once_the_first_decides_what_the_shop_is(
    handler: CommandHandler, resources: Resources
) -> None:
    outcomes = set()
    for number in range(60):
        shop_id = f"racing-{number}"
        racing = [
            created(resources.pool, shop_id),
            handler.handle(registering(shop_id=shop_id, assumed_new=number % 3 == 0), Silent()),
        ]
        clock, answer = await asyncio.gather(
            *racing[:: 1 if number % 2 else -1], return_exceptions=True
        )
        if number % 2 == 0:
            clock, answer = answer, clock
        found = await fetch_test_clock(resources.pool, shop_id)
        assert getattr(answer, "status", answer) == 200
        if isinstance(clock, TestClock):
            assert found == clock
            assert await clocks_of(resources.pool, shop_id) == [(ClockKind.TEST, AHEAD)]
        else:
            assert isinstance(clock, ClockRefused), clock
            assert found is None
            assert await clocks_of(resources.pool, shop_id) == [(ClockKind.SYSTEM, START)]
        outcomes.add(type(clock))
    assert outcomes == {TestClock, ClockRefused}


async def test_what_a_command_leads_to_that_an_advance_went_past_has_happened_when_it_is_answered(
    handler: CommandHandler, resources: Resources, clock: ManualClock, batcher: InterruptedBatcher
) -> None:
    shop = ShopInTestMode(pool=resources.pool, handler=handler)
    logged = Logged(resources.pool)
    await shop.begin()
    begun = (await shop.clock()).now
    facts = RegisterOrder(facts=order_facts())
    await shop.ask(
        ORDER,
        facts,
        RecordShipment(shipped_at=SHIPPED),
        RecordReceiptConfirmation(confirmed_at=RECEIVED),
    )
    await logged.follow()
    limits = ClockLimits(behind_seconds_max=0.0)
    worker = TestClockWorker(resources.pool, act_and_tell_with(handler), clock, limits=limits)

    async def advance() -> None:
        await shop.advance(100 * DAY)
        await worker.run_once()
        assert (await shop.clock()).target is None

    batcher.before = advance
    await shop.ask(ORDER, OpenAfterSalesEntry())
    assert (await shop.happened())[3:] == [
        Happened(begun, ORDER, "AfterSalesEntryOpened"),
        *falls_due(ORDER, begun, applied=False),
    ]


async def test_shops_that_share_a_partition_each_keep_their_own_time(
    handler: CommandHandler, resources: Resources, batcher: InterruptedBatcher
) -> None:
    neighbour = next(
        name
        for name in (f"shop-{number}" for number in range(2, 10_000))
        if partition_of(name) == partition_of(SHOP)
    )
    await created(resources.pool, neighbour)
    requests = [registering(), replace(registering(shop_id=neighbour), assumed_new=True)]
    await asyncio.gather(*(handler.handle(request, Silent()) for request in requests))
    assert await clocks_of(resources.pool) == [(ClockKind.SYSTEM, START)]
    assert await clocks_of(resources.pool, neighbour) == [(ClockKind.TEST, AHEAD)]
