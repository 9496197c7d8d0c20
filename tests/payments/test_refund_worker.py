"""The refund worker as it runs: what it takes on, and what one that hangs does to the others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from app.clock import ManualClock
from app.command_handling.handler import CommandHandler
from app.domain.order.tickets import TicketState
from app.domain.refunds import PayoutStatus
from app.leased_work.backoff import Backoff
from app.payments.executor import RefundLimits, RefundWorker
from app.payments.provider.port import (
    PaymentOutcome,
    PaymentProvider,
    PayoutOrder,
    QueryOutcome,
    RefundOrder,
)
from app.resources import Resources
from app.settings import Settings
from app.worker import refund_limits
from tests.payments.payout_cases import AMOUNT, refused, start
from tests.payments.provider.sandbox import provider_at, running_sandbox
from tests.payments.refund_cases import Refunding, refund_agreed
from tests.projections.event_log import Logged
from tests.support.api import until
from tools.sandboxes.payment_provider.behaviours import Behaviour

NEVER_ANSWERED = Behaviour.HANGS_AFTER_PAYING.value
AT_ONCE_MAX = RefundLimits().concurrency_max
CLAIMED = "SELECT count(*) FROM after_sales.refund_work WHERE claimed_until IS NOT NULL"
WORK = "SELECT asked, due_at, claimed_until, waits_for FROM after_sales.refund_work"


@pytest.fixture
async def refunding(
    resources: Resources,
    logged: Logged,
    handler: CommandHandler,
    clock: ManualClock,
    tmp_path: Path,
) -> AsyncIterator[Refunding]:
    """Return what carries refunds out, with a provider that is given a minute to answer."""
    with running_sandbox(tmp_path / "sandbox.sqlite3") as sandbox:
        async with provider_at(sandbox.url, provider_timeout_seconds=60) as provider:
            yield Refunding(
                pool=resources.pool, logged=logged, handler=handler, clock=clock, provider=provider
            )


@asynccontextmanager
async def working(refunding: Refunding) -> AsyncIterator[None]:
    """Let a worker run; what is on its way at the end is left as it is, as by a kill."""
    worker = RefundWorker(refunding.pool, refunding.executor(), refunding.clock)
    task = asyncio.create_task(worker.run(asyncio.Event()))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_refund_that_is_never_answered_keeps_no_other_from_being_paid(
    refunding: Refunding,
) -> None:
    await refunding.agree(refund_agreed(f"order-{NEVER_ANSWERED}"))
    await refunding.follow()
    async with working(refunding):

        async def claimed() -> bool:
            return bool(await refunding.pool.fetchval(CLAIMED))

        await until(claimed)
        await refunding.agree(refund_agreed("order-later"))
        await refunding.follow()

        async def paid() -> bool:
            return (await refunding.ticket("order-later")).state is TicketState.SUCCEEDED

        await until(paid)
        hanging = await refunding.ticket(f"order-{NEVER_ANSWERED}")
        assert hanging.state is TicketState.REFUNDING


async def test_a_payout_whose_worker_dies_between_asking_and_recording_is_paid_once(
    refunding: Refunding,
) -> None:
    (order_id,) = await refused(refunding, "killed")
    await refunding.ask(order_id, start(order_id, f"someone-{NEVER_ANSWERED}"))
    await refunding.follow()

    async def paid() -> bool:
        return await refunding.paid(f"{order_id}-1") == [AMOUNT]

    async with working(refunding):
        await until(paid)
    payout = (await refunding.ticket(order_id)).last_payout
    assert payout is not None
    assert payout.status is PayoutStatus.STARTED, "nobody recorded what the provider did"
    refunding.clock.advance(RefundLimits().lease * 2)
    await refunding.work_until_done()
    assert await paid()
    assert (await refunding.ticket(order_id)).state is TicketState.SUCCEEDED


@dataclass(slots=True)
class HeldBack:
    """A provider whose answers are held back until they are let through."""

    provider: PaymentProvider
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def refund(self, order: RefundOrder) -> PaymentOutcome:
        outcome = await self.provider.refund(order)
        await self._let_through()
        return outcome

    async def payout(self, order: PayoutOrder) -> PaymentOutcome:
        outcome = await self.provider.payout(order)
        await self._let_through()
        return outcome

    async def query(self, key: str) -> QueryOutcome:
        outcome = await self.provider.query(key)
        await self._let_through()
        return outcome

    async def _let_through(self) -> None:
        self.asked.set()
        await self.answers.wait()


def worker_at(refunding: Refunding, provider: PaymentProvider) -> RefundWorker:
    """Return a worker that asks a provider."""
    return RefundWorker(refunding.pool, refunding.executor(provider), refunding.clock)


async def test_a_worker_past_its_lease_records_nothing_and_leaves_the_next_claim_alone(
    refunding: Refunding,
) -> None:
    await refunding.agree(refund_agreed(f"order-{Behaviour.PAYS_LATER.value}"))
    await refunding.follow()
    late, timely = HeldBack(refunding.provider), HeldBack(refunding.provider)
    first = asyncio.create_task(worker_at(refunding, late).run_once())
    await late.asked.wait()
    refunding.clock.advance(RefundLimits().lease)
    second = asyncio.create_task(worker_at(refunding, timely).run_once())
    await timely.asked.wait()
    claimed = await refunding.pool.fetch(WORK)
    late.answers.set()
    assert await first == 1
    assert await refunding.pool.fetch(WORK) == claimed, "the row is the second worker's"
    assert await refunding.work_once() == 0, "so nobody asks beside it"
    timely.answers.set()
    assert await second == 1
    (recorded,) = await refunding.pool.fetch(WORK)
    assert (recorded["asked"], recorded["claimed_until"]) == (2, None)
    assert recorded["due_at"] > refunding.clock.now()


async def test_a_worker_claims_no_more_refunds_than_it_works_on(refunding: Refunding) -> None:
    some = range(AT_ONCE_MAX + 3)
    await refunding.agree(*(refund_agreed(f"order-{n}-{NEVER_ANSWERED}", 100) for n in some))
    await refunding.follow()
    async with working(refunding):

        async def all_places_taken() -> bool:
            return bool(await refunding.pool.fetchval(CLAIMED) >= AT_ONCE_MAX)

        await until(all_places_taken)
        assert await refunding.pool.fetchval(CLAIMED) == AT_ONCE_MAX


def test_no_lease_is_shorter_than_asking_about_a_refund_and_sending_it() -> None:
    settings = Settings(
        _env_file=None,
        provider_timeout_seconds=40,
        refund_lease_seconds=60,
        refund_pause_seconds_min=2,
        refund_pause_seconds_max=20,
    )
    backoff, limits = refund_limits(settings)
    assert limits.lease == timedelta(seconds=81)
    assert backoff == Backoff(seconds_min=2, seconds_max=20)
    unhurried = settings.model_copy(update={"refund_lease_seconds": 300})
    assert refund_limits(unhurried)[1].lease == timedelta(seconds=300)
