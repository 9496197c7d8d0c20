"""The worker that acts on deadlines: late, twice, side by side, and when acting fails."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from app.clock import ManualClock
from app.command_handling.opening import open_command_handler
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.tickets import TicketType
from app.leased_work.worker import WorkerLimits
from app.processes.deadlines import Act, DeadlineWorker
from app.resources import Resources
from app.topology import Topology
from app.worker import act_with
from tests.projections.event_log import Logged
from tests.support.orders import (
    DAY,
    EXPIRES,
    HOUR,
    INSTANT,
    OPENED,
    SHOP,
    apply_for,
    order_facts,
    order_with_open_entry,
    received_order,
)

LATE = EXPIRES + 30 * DAY

Acted = list[str]
"""Order ids, in the order they were let to act."""


def order_of(stream_id: str) -> str:
    """Return the order a stream is about."""
    return stream_id.rpartition("/")[2]


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands where everything here has long been due."""
    return ManualClock(LATE)


@pytest.fixture
async def act(resources: Resources, clock: ManualClock) -> AsyncIterator[Act]:
    """Return what really lets an order act: the command, handled."""
    async with open_command_handler(resources, clock) as handler:
        yield act_with(handler)


async def happened(logged: Logged, order_id: str) -> list[tuple[str, datetime]]:
    """Return what has happened to an order, and when."""
    history = await logged.history(SHOP, order_id)
    return [(type(recorded.event).__name__, recorded.event.at) for recorded in history]


async def open_entries(logged: Logged, *order_ids: str) -> None:
    """Give orders an open entry, each opened an hour after the one before."""
    for number, order_id in enumerate(order_ids):
        received = received_order(order_facts(order_id=order_id))
        opened = received.then(OpenAfterSalesEntry(), at=OPENED + number * HOUR)
        await logged.write(opened.events, order_id=order_id)
    await logged.follow()


@pytest.mark.parametrize("topology", list(Topology))
async def test_a_late_worker_does_everything_once_and_in_order(
    resources: Resources, logged: Logged, clock: ManualClock, act: Act, topology: Topology
) -> None:
    opened = order_with_open_entry(order_facts(order_id="a"))
    applied = opened.then(apply_for(TicketType.EXCHANGE), at=OPENED + HOUR)
    await logged.write(applied.events, order_id="a")
    await logged.follow()
    worker = DeadlineWorker(resources.pool, act, clock, topology=topology)
    assert await worker.run_once(LATE) == 1
    agreed_at = OPENED + HOUR + 2 * DAY
    expected = [
        ("TicketDueReminded", agreed_at - 12 * HOUR),
        ("ApplicationAgreed", agreed_at),
        ("AfterSalesEntryExpired", EXPIRES),
        ("TicketDueReminded", agreed_at + 6 * DAY),
        ("TicketClosed", agreed_at + 7 * DAY),
    ]
    assert (await happened(logged, "a"))[len(applied.events) :] == expected
    await logged.follow()
    assert (await logged.tables())["deadlines"] == []
    assert await worker.run_once(LATE) == 0
    assert len(await happened(logged, "a")) == len(applied.events) + len(expected)


async def test_two_workers_side_by_side_have_each_effect_once(
    resources: Resources, logged: Logged, clock: ManualClock, act: Act
) -> None:
    order_ids = [f"order-{number}" for number in range(12)]
    await open_entries(logged, *order_ids)
    limits = WorkerLimits(concurrency_max=5)
    workers = [DeadlineWorker(resources.pool, act, clock, limits=limits) for _ in range(2)]

    async def work(worker: DeadlineWorker) -> None:
        for _ in range(2 * len(order_ids)):
            await worker.run_once(LATE)

    await asyncio.gather(*(work(worker) for worker in workers))
    for order_id in order_ids:
        kinds = [kind for kind, _ in await happened(logged, order_id)]
        assert kinds.count("AfterSalesEntryExpired") == 1, order_id
    await logged.follow()
    assert (await logged.tables())["deadlines"] == []


async def test_a_deadline_claimed_again_after_it_was_acted_on_changes_nothing(
    resources: Resources, logged: Logged, clock: ManualClock, act: Act
) -> None:
    await open_entries(logged, "a")
    limits = WorkerLimits(lease=timedelta(0))
    worker = DeadlineWorker(resources.pool, act, clock, limits=limits)
    assert await worker.run_once(LATE) == 1
    once = await happened(logged, "a")
    # No reader has followed, so the rows are still there, and the lease was over at once.
    assert await worker.run_once(LATE) == 1
    assert await happened(logged, "a") == once


def recording(acted: Acted) -> Act:
    """Return what only notes who is to act."""

    async def note(_partition_id: int, stream_id: str) -> None:
        acted.append(order_of(stream_id))

    return note


@pytest.mark.parametrize("topology", list(Topology))
async def test_nothing_is_claimed_before_it_is_due_and_everything_from_then_on(
    resources: Resources, logged: Logged, clock: ManualClock, topology: Topology
) -> None:
    await open_entries(logged, "a")
    acted: Acted = []
    worker = DeadlineWorker(resources.pool, recording(acted), clock, topology=topology)
    assert await worker.run_once(EXPIRES - DAY - INSTANT) == 0
    assert await worker.run_once(EXPIRES - DAY) == 1
    assert acted == ["a"]


async def test_a_claim_takes_the_oldest_first_and_no_more_than_its_limit(
    resources: Resources, logged: Logged, clock: ManualClock
) -> None:
    await open_entries(logged, "a", "b", "c")
    acted: Acted = []
    limits = WorkerLimits(concurrency_max=2)
    worker = DeadlineWorker(resources.pool, recording(acted), clock, limits=limits)
    assert [await worker.run_once(LATE) for _ in range(4)] == [2, 2, 2, 0]
    assert acted == ["a", "b", "c", "a", "b", "c"], "three reminders, then three expiries"


# A deadline in each partition.
SPREAD = """
INSERT INTO after_sales.deadlines (partition_id, stream_id, kind, due_at)
SELECT n, 'order/shop-' || n || '/order', 'ticket/1', $1 FROM generate_series(0, 63) AS n
"""
CLAIMED = "SELECT count(*) FROM after_sales.deadlines WHERE claimed_until IS NOT NULL"


@pytest.mark.parametrize("topology", list(Topology))
async def test_a_claim_is_bounded_by_what_the_worker_can_start_in_however_many_partitions(
    resources: Resources, clock: ManualClock, topology: Topology
) -> None:
    await resources.pool.execute(SPREAD, EXPIRES)
    acted: Acted = []
    limits = WorkerLimits(concurrency_max=3)
    worker = DeadlineWorker(
        resources.pool, recording(acted), clock, topology=topology, limits=limits
    )
    assert await worker.run_once(LATE) == 3
    assert await resources.pool.fetchval(CLAIMED) == 3
    assert await worker.run_once(LATE) == 3, "others than before"
    assert await resources.pool.fetchval(CLAIMED) == 6


async def test_a_worker_past_its_lease_leaves_the_next_claim_alone(
    resources: Resources, logged: Logged, clock: ManualClock, act: Act
) -> None:
    await open_entries(logged, "a")
    started, go_on = asyncio.Event(), asyncio.Event()

    async def act_late(partition_id: int, stream_id: str) -> None:
        started.set()
        await go_on.wait()
        await act(partition_id, stream_id)

    late = asyncio.create_task(DeadlineWorker(resources.pool, act_late, clock).run_once(LATE))
    await started.wait()
    clock.advance(WorkerLimits().lease)
    assert await DeadlineWorker(resources.pool, act, clock).run_once(clock.now()) == 1
    once, claimed = await happened(logged, "a"), await resources.pool.fetchval(CLAIMED)
    go_on.set()
    assert await late == 1
    assert await happened(logged, "a") == once
    assert await resources.pool.fetchval(CLAIMED) == claimed > 0


async def test_all_deadlines_of_one_order_claimed_together_are_one_act(
    resources: Resources, logged: Logged, clock: ManualClock
) -> None:
    await open_entries(logged, "a")
    acted: Acted = []
    assert await DeadlineWorker(resources.pool, recording(acted), clock).run_once(LATE) == 1
    assert acted == ["a"], "a reminder and an expiry were due"


async def test_an_order_that_cannot_act_comes_up_again_after_its_lease_and_keeps_nobody(
    resources: Resources, logged: Logged, clock: ManualClock
) -> None:
    await open_entries(logged, "a", "b")
    acted: Acted = []

    async def fail_for_a(_partition_id: int, stream_id: str) -> None:
        acted.append(order_of(stream_id))
        if order_of(stream_id) == "a":
            raise RuntimeError("it cannot act")

    lease = timedelta(seconds=30)
    limits = WorkerLimits(lease=lease)
    worker = DeadlineWorker(resources.pool, fail_for_a, clock, limits=limits)
    assert await worker.run_once(LATE) == 2
    assert sorted(acted) == ["a", "b"]
    assert await worker.run_once(LATE + lease - INSTANT) == 0
    assert await worker.run_once(LATE + lease) == 2


async def test_a_worker_runs_until_it_is_told_to_stop(
    resources: Resources, logged: Logged, clock: ManualClock
) -> None:
    await open_entries(logged, "a")
    stop = asyncio.Event()
    acted: Acted = []

    async def act_and_stop(_partition_id: int, stream_id: str) -> None:
        acted.append(order_of(stream_id))
        stop.set()

    async with asyncio.timeout(20):
        await DeadlineWorker(resources.pool, act_and_stop, clock).run(stop)
    assert acted == ["a"]
