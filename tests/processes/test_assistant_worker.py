"""The assistant as the service runs it: beside other workers, killed, and in test mode."""

import asyncio

import pytest

from app.clock import ManualClock
from app.domain.order.answers import ApplicationAgreed, AssistantNotified
from app.event_store.recorded_event import ClockKind
from app.processes.assistant.worker import AssistantWorker
from app.resources import Resources
from app.worker import run_worker
from tests.event_store.child_processes import running
from tests.event_store.polling import until
from tests.processes.assistant_cases import NOW, applied, last, saved, waiting
from tests.projections.event_log import Logged
from tests.support.orders import DAY, HOUR, OPENED, SHOP
from tests.support.rules import A, T, a_rule, yuan
from tests.support.test_mode import ShopInTestMode

JUDGING = "tests.processes.assistant_process"
ORDERS = [f"order-{number}" for number in range(40)]
LIVES = 4


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands an hour after the applications here."""
    return ManualClock(NOW)


async def test_the_worker_of_the_service_judges_what_comes_in(
    resources: Resources, logged: Logged, clock: ManualClock
) -> None:
    stop = asyncio.Event()
    working = asyncio.create_task(run_worker(resources, clock, stop))
    await saved(logged, a_rule())
    await applied(logged, follow=False)

    async def agreed() -> bool:
        return isinstance((await last(logged)).event, ApplicationAgreed)

    await until(agreed)
    stop.set()
    await working


async def test_killed_again_and_again_it_decides_each_once(database: str, logged: Logged) -> None:
    await saved(logged, a_rule("small", amount_max=yuan(5_000)), a_rule("look", A.NOTIFY_ONLY))
    for number, order_id in enumerate(ORDERS):
        ticket_type = T.EXCHANGE if number % 2 else T.REFUND_ONLY
        await applied(logged, order_id, ticket_type=ticket_type, follow=False)
    await logged.follow()
    for life in range(LIVES):
        # Each begins when the claims of those before it have run out.
        async with running(JUDGING, database, str(2 * life)) as child:
            while not (await child.says()).startswith("judged"):
                pass
            await child.kill()
    assert await waiting(logged) > 0
    async with running(JUDGING, database, str(2 * LIVES)):
        await until(lambda: _nothing_waits(logged))
    for order_id in ORDERS:
        decided = [
            recorded
            for recorded in await logged.history(SHOP, order_id)
            if isinstance(recorded.event, ApplicationAgreed | AssistantNotified)
        ]
        assert len(decided) == 1, order_id


async def _nothing_waits(logged: Logged) -> bool:
    return await waiting(logged) == 0


async def test_in_test_mode_rules_decide_by_the_clock_of_the_shop(
    logged: Logged, worker: AssistantWorker, shop: ShopInTestMode, clock: ManualClock
) -> None:
    clock.advance(400 * DAY)
    await saved(logged, a_rule())
    await shop.open_entry("a")
    await shop.put(OPENED + HOUR)
    await shop.apply("a")
    await shop.put(OPENED + 2 * HOUR)
    await logged.follow()
    assert await worker.run_once(clock.now()) == 1
    agreed = await last(logged, "a")
    assert isinstance(agreed.event, ApplicationAgreed)
    assert agreed.event.rule is not None
    assert agreed.event.at == OPENED + 2 * HOUR
    assert agreed.metadata.clock is ClockKind.TEST
