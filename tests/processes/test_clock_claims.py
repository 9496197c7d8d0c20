"""Several workers and one clock: claims that run out, workers that die, orders that fail."""

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from app.clock import ManualClock, SystemClock
from app.processes.test_clocks import ActAndTell, ClockLimits
from app.resources import Resources
from app.shop_clocks.advancing import claim_advances
from app.topology import Topology
from tests.event_store.child_processes import running
from tests.processes.clock_workers import LEASE, NewWorker, busy, until_ready
from tests.projections.event_log import Logged
from tests.support.orders import DAY, HOUR, OPENED
from tests.support.test_mode import ShopInTestMode, falls_due


async def test_two_workers_at_once_have_each_effect_once(
    logged: Logged, shop: ShopInTestMode, new_worker: NewWorker
) -> None:
    expected = await busy(shop, 16)
    before = len(await shop.happened())
    await shop.advance(20 * DAY)
    limits = ClockLimits(due_rows_max=3, acts_max=3, behind_seconds_max=0.0)
    await until_ready(shop, logged, new_worker(limits), new_worker(limits))
    assert (await shop.happened())[before:] == expected
    assert (await shop.clock()).fell_due == len(expected)


async def test_a_worker_that_lost_its_claim_leaves_the_clock_to_the_one_that_has_it(
    logged: Logged,
    shop: ShopInTestMode,
    clock: ManualClock,
    act: ActAndTell,
    new_worker: NewWorker,
) -> None:
    expected = await busy(shop, 6)
    before = len(await shop.happened())
    await shop.advance(20 * DAY)
    await logged.follow()
    acted = 0

    async def act_too_slowly(partition_id: int, stream_id: str) -> datetime | None:
        nonlocal acted
        acted += 1
        next_at = await act(partition_id, stream_id)
        if acted == 3:
            clock.advance(LEASE)
            await until_ready(shop, logged, new_worker())
            assert (await shop.clock()).fell_due == len(expected)
            await shop.advance(DAY)
        return next_at

    await new_worker(act=act_too_slowly).run_once()
    assert acted == 3
    assert (await shop.happened())[before:] == expected
    await until_ready(shop, logged, new_worker())
    assert (await shop.clock()).fell_due == 0


@pytest.mark.parametrize("topology", list(Topology))
async def test_of_many_workers_that_find_a_clock_at_once_one_gets_it(
    resources: Resources, shop: ShopInTestMode, clock: ManualClock, topology: Topology
) -> None:
    await shop.advance(DAY)
    now = clock.now()
    claims = await asyncio.gather(
        *(
            claim_advances(resources.pool, topology, now=now, until=now + LEASE, clocks_max=1)
            for _ in range(8)
        )
    )
    assert sum(map(len, claims)) == 1


async def test_a_worker_killed_in_the_middle_is_replaced_by_another(
    database: str, logged: Logged, shop: ShopInTestMode, new_worker: NewWorker
) -> None:
    expected = await busy(shop, 40)
    await logged.follow()
    before = len(await shop.happened())
    await shop.advance(110 * DAY)
    async with running("tests.processes.clock_process", database) as worker:
        for _ in range(12):
            assert await worker.says()
        await worker.kill()
    left = await shop.clock()
    assert left.target is not None
    assert OPENED < left.now < left.target
    done = (await shop.happened())[before:]
    assert done == expected[: len(done)]

    too_early = new_worker(clock=SystemClock())
    assert await too_early.run_once() == 0, "the claim of the dead holds for its lease"
    later = ManualClock(SystemClock().now() + HOUR)
    await until_ready(shop, logged, new_worker(clock=later))
    assert (await shop.happened())[before:] == expected
    assert (await shop.clock()).fell_due == len(expected)


async def test_an_order_that_cannot_act_keeps_its_clock_from_being_ready_and_no_other(
    logged: Logged,
    shop: ShopInTestMode,
    clock: ManualClock,
    act: ActAndTell,
    new_worker: NewWorker,
) -> None:
    other = replace(shop, shop_id="shop-2")
    await other.begin()
    for one in (shop, other):
        await one.open_entry("a")
        await one.advance(20 * DAY)
    broken = True

    async def fail_in_the_first_shop(partition_id: int, stream_id: str) -> datetime | None:
        if broken and stream_id.startswith(f"order/{shop.shop_id}/"):
            raise RuntimeError("it cannot act")
        return await act(partition_id, stream_id)

    worker = new_worker(act=fail_in_the_first_shop)
    await until_ready(other, logged, worker)
    assert (await shop.clock()).target is not None
    broken = False
    assert await worker.run_once() == 0, "it comes up again when its claim has run out"
    clock.advance(LEASE)
    await until_ready(shop, logged, worker)
    assert (await shop.happened())[-2:] == falls_due("a", OPENED, applied=False)
