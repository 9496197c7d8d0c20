"""Refunds pay once, whatever the provider does: held against the provider's own book."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.clock import ManualClock
from app.command_handling.handler import CommandHandler
from app.domain.funds.accounts import Account
from app.domain.funds.evolve import fold
from app.domain.funds.state import Funds
from app.domain.order.tickets import TicketState
from app.domain.refunds import RefundRefusal, RefundStatus
from app.event_store.log import EventLog
from app.event_store.partitions import partition_of
from app.event_store.registry import funds_codec
from app.event_store.streams import funds_stream
from app.payments.sandbox.behaviours import Behaviour
from app.processes.funding import refund_key_of
from app.resources import Resources
from tests.payments.surroundings import SandboxProcess, provider_at, running_sandbox, whole_book
from tests.processes.refunding import Refunding, refund_agreed
from tests.read_models.logged import Logged
from tests.support.orders import SHOP

REFUSED = {
    Behaviour.BUYER_ACCOUNT_CLOSED: RefundRefusal.BUYER_ACCOUNT_CLOSED,
    Behaviour.REFUSES_LATER: RefundRefusal.BUYER_ACCOUNT_CLOSED,
    Behaviour.MERCHANT_BALANCE_INSUFFICIENT: RefundRefusal.MERCHANT_BALANCE_INSUFFICIENT,
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """Run a sandbox for the tests of this file."""
    with (
        TemporaryDirectory(prefix="aftersales-test-") as folder,
        running_sandbox(Path(folder) / "sandbox.sqlite3") as running,
    ):
        yield running


@pytest.fixture
async def refunding(
    resources: Resources,
    logged: Logged,
    handler: CommandHandler,
    clock: ManualClock,
    sandbox: SandboxProcess,
) -> AsyncIterator[Refunding]:
    """Return what carries refunds out; the provider is given half a second for an answer."""
    async with provider_at(sandbox.url, provider_timeout_seconds=0.5) as provider:
        yield Refunding(
            pool=resources.pool, logged=logged, handler=handler, clock=clock, provider=provider
        )


async def funds_of(refunding: Refunding) -> Funds:
    """Return the shop's money as it stands."""
    recorded = await EventLog(funds_codec()).read_stream(
        refunding.pool, partition_of(SHOP), funds_stream(SHOP)
    )
    return fold(Funds(), [one.event for one in recorded])


async def paid_for(refunding: Refunding, order_id: str) -> list[int]:
    """Return what the provider's own book says was paid for an order's ticket."""
    key = refund_key_of(SHOP, f"{order_id}-1")
    book = await whole_book(refunding.provider)
    return [entry.amount.amount for entry in book if entry.key == key]


@pytest.mark.parametrize("behaviour", list(Behaviour))
async def test_whatever_the_provider_does_a_refund_is_paid_once_or_goes_back(
    refunding: Refunding, behaviour: Behaviour
) -> None:
    order_id = f"order-{behaviour.value}"
    await refunding.agree(refund_agreed(order_id, 8_001))
    await refunding.work_until_done()
    ticket, funds = await refunding.ticket(order_id), await funds_of(refunding)
    assert ticket.refund is not None
    assert funds.in_transit == {}
    if behaviour in REFUSED:
        assert (ticket.state, ticket.refund.status) == (
            TicketState.REFUNDING,
            RefundStatus.REFUSED,
        )
        assert await paid_for(refunding, order_id) == []
        assert funds.arrears == 0
    else:
        assert (ticket.state, ticket.refund.status) == (
            TicketState.SUCCEEDED,
            RefundStatus.SUCCEEDED,
        )
        assert await paid_for(refunding, order_id) == [8_001]


async def test_unknown_stays_unknown_until_the_provider_answers(refunding: Refunding) -> None:
    order_id = f"unknown-{Behaviour.HANGS_AFTER_PAYING.value}"
    await refunding.agree(refund_agreed(order_id, 7_001))
    await refunding.follow()
    assert await refunding.work_once() == 1
    ticket = await refunding.ticket(order_id)
    assert ticket.refund is not None
    assert (ticket.state, ticket.refund.status) == (TicketState.REFUNDING, RefundStatus.UNKNOWN)
    assert (await funds_of(refunding)).in_transit.keys() == {refund_key_of(SHOP, f"{order_id}-1")}
    await refunding.work_until_done()
    assert (await refunding.ticket(order_id)).state is TicketState.SUCCEEDED
    assert await paid_for(refunding, order_id) == [7_001]


async def test_two_workers_side_by_side_pay_each_refund_once(refunding: Refunding) -> None:
    order_ids = [f"pair-{number}" for number in range(10)]
    await refunding.agree(*(refund_agreed(order_id, 6_001) for order_id in order_ids))
    await refunding.work_until_done()
    for order_id in order_ids:
        assert await paid_for(refunding, order_id) == [6_001]
        assert (await refunding.ticket(order_id)).state is TicketState.SUCCEEDED


async def test_the_shop_owes_what_the_platform_paid_in_advance(refunding: Refunding) -> None:
    await refunding.agree(refund_agreed("advance-1", 5_001))
    await refunding.work_until_done()
    funds = await funds_of(refunding)
    ticket = await refunding.ticket("advance-1")
    assert ticket.refund is not None
    assert ticket.refund.shares is not None
    assert funds.arrears == ticket.refund.shares.shop == 5_001
    settled = funds.available[Account.CASH_ALIPAY]
    assert 0 < settled < 5_001, "what settlement brought did not cover the whole amount"
