"""Advancing a test clock: all that falls due happens once, in order, whatever befalls workers."""

import asyncio
from datetime import datetime, timedelta

import pytest

from app.clock import ManualClock
from app.event_store.connections import OwnConnection
from app.postgres.pool import Pool, connect
from app.processes.deadlines import DeadlineWorker
from app.processes.test_clocks import ActAndTell, ClockLimits, TestClockWorker
from app.projections.wakeup import LogListener
from app.resources import Resources
from app.shop_clocks.advancing import claim_advances, finish_advance
from app.shop_clocks.clocks import CLOCK_CHANNEL
from app.topology import Topology
from app.worker import act_with
from tests.event_store.polling import until
from tests.processes.clock_workers import IMPATIENT, LEASE, NewWorker, busy, until_ready
from tests.projections.event_log import Logged
from tests.support.orders import DAY, EXPIRES, OPENED
from tests.support.test_mode import Happened, ShopInTestMode, falls_due


@pytest.mark.parametrize(
    "limits", [IMPATIENT, ClockLimits(due_rows_max=7, acts_max=10, behind_seconds_max=0.0)]
)
async def test_all_that_falls_due_in_months_happens_once_and_in_the_order_of_its_instants(
    logged: Logged, shop: ShopInTestMode, new_worker: NewWorker, limits: ClockLimits
) -> None:
    expected = await busy(shop, 30)
    before = len(await shop.happened())
    start = (await shop.clock()).now
    await shop.advance(120 * DAY)
    await until_ready(shop, logged, new_worker(limits))
    assert (await shop.happened())[before:] == expected
    found = await shop.clock()
    assert (found.now, found.fell_due) == (start + 120 * DAY, len(expected))
    await logged.follow()
    assert (await logged.tables())["deadlines"] == []


async def test_an_advance_goes_just_as_far_as_asked_and_the_next_goes_on(
    logged: Logged, shop: ShopInTestMode, new_worker: NewWorker
) -> None:
    worker = new_worker()
    await shop.open_entry("a")
    before = len(await shop.happened())
    reminder, expiry = falls_due("a", OPENED, applied=False)
    steps: list[tuple[timedelta, list[Happened]]] = [
        (4 * DAY - timedelta(microseconds=1), []),
        (timedelta(microseconds=1), [reminder]),
        (DAY - timedelta(microseconds=1), [reminder]),
        (timedelta(microseconds=1), [reminder, expiry]),
    ]
    for by, expected in steps:
        await shop.advance(by)
        await until_ready(shop, logged, worker)
        assert (await shop.happened())[before:] == expected
    assert (await shop.clock()).now == EXPIRES


async def test_orders_due_at_one_instant_all_act_there(
    logged: Logged, shop: ShopInTestMode, new_worker: NewWorker
) -> None:
    for number in range(20):
        await shop.open_entry(f"order-{number}")
    before = len(await shop.happened())
    await shop.advance(4 * DAY)
    await until_ready(shop, logged, new_worker())
    assert {one.kind for one in (await shop.happened())[before:]} == {"AfterSalesEntryExpiring"}
    assert (await shop.clock()).fell_due == 20


async def test_a_clock_is_not_ready_while_its_deadlines_are_behind(
    logged: Logged, shop: ShopInTestMode, new_worker: NewWorker
) -> None:
    await logged.follow()
    await shop.open_entry("a")
    await shop.advance(20 * DAY)
    worker = new_worker()
    await worker.run_once()
    assert (await shop.clock()).now == OPENED
    await logged.follow()
    await until_ready(shop, logged, worker)
    assert (await shop.happened())[-2:] == falls_due("a", OPENED, applied=False)


async def test_whoever_never_acts_in_the_present_does_not_hold_time_up_for_good(
    logged: Logged, shop: ShopInTestMode, clock: ManualClock, act: ActAndTell
) -> None:
    asked = 0

    async def never_settled(_pool: Pool, _partition_id: int, shop_id: str) -> bool:
        nonlocal asked
        asked += shop_id == shop.shop_id
        return False

    await shop.advance(DAY)
    worker = TestClockWorker(shop.pool, act, clock, settled=never_settled, limits=IMPATIENT)
    await until_ready(shop, logged, worker)
    assert asked == 1


async def test_what_came_in_last_is_seen_before_a_clock_is_said_to_be_ready(
    resources: Resources, logged: Logged, shop: ShopInTestMode, clock: ManualClock
) -> None:
    await shop.advance(20 * DAY)
    now = clock.now()
    (advance,) = await claim_advances(
        resources.pool, Topology.SINGLE, now=now, until=now + LEASE, clocks_max=1
    )
    await shop.open_entry("a")
    assert not await finish_advance(resources.pool, advance), "an event nobody has followed"
    await logged.follow()
    assert not await finish_advance(resources.pool, advance), "two deadlines are due"
    assert (await shop.clock()).target == advance.target


async def test_a_deadline_that_acting_leaves_where_it_was_is_not_acted_on_for_ever(
    logged: Logged, shop: ShopInTestMode, new_worker: NewWorker
) -> None:
    await shop.open_entry("a")
    await shop.advance(20 * DAY)
    await logged.follow()
    acted = 0

    async def change_nothing(_partition_id: int, _stream_id: str) -> datetime | None:
        nonlocal acted
        acted += 1
        return OPENED + 4 * DAY

    worker = new_worker(act=change_nothing)
    assert await worker.run_once() == 1
    assert await worker.run_once() == 0, "it comes up again when its claim has run out"
    assert (acted, (await shop.clock()).target) == (1, OPENED + 20 * DAY)


@pytest.mark.parametrize("topology", list(Topology))
async def test_the_worker_of_real_time_leaves_test_shops_alone(
    logged: Logged, shop: ShopInTestMode, clock: ManualClock, topology: Topology
) -> None:
    await shop.open_entry("a")
    await logged.follow()
    worker = DeadlineWorker(shop.pool, act_with(shop.handler), clock, topology=topology)
    assert await worker.run_once(OPENED + 300 * DAY) == 0


async def test_a_worker_that_would_sleep_for_an_hour_wakes_when_a_clock_is_to_advance(
    resources: Resources, logged: Logged, shop: ShopInTestMode, new_worker: NewWorker
) -> None:
    await logged.follow()
    stop, heard = asyncio.Event(), asyncio.Event()

    async def connection() -> OwnConnection:
        return await connect(resources.database_url, resources.settings)

    async def is_ready() -> bool:
        return (await shop.clock()).target is None

    worker = new_worker(ClockLimits(poll_seconds=3_600))
    async with LogListener(connection, also={CLOCK_CHANNEL: heard}), asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run(stop, heard))
        for _ in range(3):
            await shop.advance(DAY)
            await until(is_ready)
        stop.set()
    assert (await shop.clock()).now == OPENED + 3 * DAY
