"""What tests of the worker that advances test clocks have in common."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

from app.processes.test_clocks import ClockLimits, TestClockWorker
from tests.projections.event_log import Logged
from tests.support.orders import OPENED
from tests.support.test_mode import Happened, ShopInTestMode, falls_due

MINUTE = timedelta(minutes=1)
LEASE = timedelta(seconds=30)
IMPATIENT = ClockLimits(lease=LEASE, behind_seconds_max=0.0)
ROUNDS_MAX = 200

NewWorker: TypeAlias = Callable[..., TestClockWorker]


async def busy(shop: ShopInTestMode, orders: int) -> list[Happened]:
    """Open an entry every 7 minutes, and apply through every other; return what will fall due."""
    due = []
    for number in range(orders):
        opened_at, order_id = OPENED + number * 7 * MINUTE, f"order-{number}"
        await shop.put(opened_at)
        await shop.open_entry(order_id)
        if number % 2:
            await shop.apply(order_id)
        due += falls_due(order_id, opened_at, applied=bool(number % 2))
    return sorted(due)


async def until_ready(shop: ShopInTestMode, logged: Logged, *workers: TestClockWorker) -> None:
    """Let readers follow and workers work, in turns, until the clock is ready."""
    for _ in range(ROUNDS_MAX):
        await logged.follow()
        await asyncio.gather(*(worker.run_once() for worker in workers))
        if (await shop.clock()).target is None:
            return
    raise AssertionError(f"never ready: {await shop.clock()}")
