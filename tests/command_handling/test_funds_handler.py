"""What is asked of a shop's money while others move it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.command_handling.funds_handler import ATTEMPTS_MAX, FundsHandler, FundsRequest
from app.command_handling.funds_states import FundsStates
from app.command_handling.opening import open_command_handlers
from app.command_handling.requests import Answer, IdempotencyKey, KeyReused, TooManyConflicts
from app.domain.funds.accounts import Account
from app.domain.funds.commands import FundsCommand, TopUp, WithdrawCash
from app.domain.funds.state import Funds, fold
from app.domain.policy import POLICY
from app.domain.refunds import FundingSource
from app.domain.rejections import Rejection, RejectionCode
from app.event_store.connections import OwnConnection
from app.event_store.recorded_event import Actor, ClockKind, Role
from app.event_store.stream_loader import StreamLoader
from app.event_types.registry import funds_codec
from app.postgres.pool import connect
from app.resources import Resources
from app.shop_clocks.clocks import ClockRefusalCode, ClockRefused, ShopClocks
from tests.command_handling.test_handler import OvertakenBatcher
from tests.conftest import START
from tests.payments.test_funding import follow, funds_of, settled_order
from tests.projections.event_log import Logged
from tests.support.orders import SHOP
from tests.support.test_mode import given_test_clock

FUTURE = START + timedelta(days=100)


@dataclass
class Heard:
    """Answers with the deposit, and keeps what it was given to answer to."""

    funds: list[Funds] = field(default_factory=list)
    refusals: list[Rejection] = field(default_factory=list)

    def accepted(self, funds: Funds) -> Answer:
        self.funds.append(funds)
        return Answer(status=201, body=str(funds.deposit).encode())

    def refused(self, refusal: Rejection) -> Answer:
        self.refusals.append(refusal)
        return Answer(status=409, body=refusal.code.encode())


@pytest.fixture
def logged(resources: Resources) -> Logged:
    """Return this test's log, with nothing in it."""
    return Logged(resources.pool)


@pytest.fixture
async def overtaken(resources: Resources) -> AsyncIterator[OvertakenBatcher]:
    """Open a batcher that nobody overtakes yet."""

    async def own_connection() -> OwnConnection:
        return await connect(resources.database_url, resources.settings)

    batcher = OvertakenBatcher(own_connection)
    async with batcher:
        yield batcher


@pytest.fixture
async def handler(
    resources: Resources, clock: ManualClock, overtaken: OvertakenBatcher
) -> FundsHandler:
    """Handle commands through the batcher that may be overtaken."""
    return FundsHandler(
        states=FundsStates(resources.pool, StreamLoader(resources.pool), funds_codec()),
        batcher=overtaken,
        codec=funds_codec(),
        clocks=ShopClocks(resources.pool, clock),
        policy=POLICY,
    )


def top_up(amount: int = 100, *, reference: str = "p-1") -> TopUp:
    """Pay into the deposit."""
    return TopUp(reference=reference, account=Account.DEPOSIT, amount=amount)


def asking(command: FundsCommand, *, key: IdempotencyKey | None = None) -> FundsRequest:
    """Ask for a command on the one shop of these tests."""
    return FundsRequest(
        shop_id=SHOP,
        command=command,
        actor=Actor(role=Role.PLATFORM, id="tests"),
        correlation_id="correlation",
        idempotency=key,
    )


def keyed(key: str, body: bytes = b"") -> IdempotencyKey:
    """Return a key of a caller for a body."""
    return IdempotencyKey(scope="platform/tests", key=key, fingerprint=body)


async def test_a_top_up_overtaken_is_decided_again_on_what_there_is_then(
    handler: FundsHandler, overtaken: OvertakenBatcher
) -> None:
    overtaken.times = 1
    overtaken.overtake = lambda: handler.handle(asking(top_up(5, reference="first")), Heard())
    heard = Heard()
    answer = await handler.handle(asking(top_up(100)), heard)
    assert [funds.deposit for funds in heard.funds] == [100, 105]
    assert answer.body == b"105"
    assert (await handler.current(SHOP)).deposit == 105


async def test_money_taken_meanwhile_is_not_taken_twice(
    handler: FundsHandler, overtaken: OvertakenBatcher
) -> None:
    cash = Account.CASH_ALIPAY
    paid_in = TopUp(reference="p-1", account=cash, amount=100)
    await handler.handle(asking(paid_in), Heard())
    taken = [WithdrawCash(reference=f"w-{n}", account=cash, amount=60) for n in (1, 2)]
    overtaken.times = 1
    overtaken.overtake = lambda: handler.handle(asking(taken[0]), Heard())
    heard = Heard()
    answer = await handler.handle(asking(taken[1]), heard)
    assert answer.status == 409
    assert [refusal.code for refusal in heard.refusals] == [RejectionCode.BALANCE_INSUFFICIENT]
    assert (await handler.current(SHOP)).available[cash] == 40


async def test_whoever_is_overtaken_all_the_time_is_told_so_and_moves_nothing(
    handler: FundsHandler, overtaken: OvertakenBatcher
) -> None:
    references = (f"other-{number}" for number in range(ATTEMPTS_MAX))
    overtaken.times = ATTEMPTS_MAX
    overtaken.overtake = lambda: handler.handle(
        asking(top_up(1, reference=next(references))), Heard()
    )
    with pytest.raises(TooManyConflicts):
        await handler.handle(asking(top_up()), Heard())
    assert (await handler.current(SHOP)).deposit == ATTEMPTS_MAX


async def test_one_request_sent_twice_at_once_is_booked_once_and_answered_alike(
    handler: FundsHandler,
) -> None:
    answers = await asyncio.gather(
        *(handler.handle(asking(top_up(), key=keyed("key")), Heard()) for _ in range(2))
    )
    assert {answer.body for answer in answers} == {b"100"}
    assert sorted(answer.replayed for answer in answers) == [False, True]
    with pytest.raises(KeyReused):
        await handler.handle(asking(top_up(7), key=keyed("key", b"other")), Heard())


async def test_ten_top_ups_through_two_processes_at_once_are_all_booked(
    resources: Resources, clock: ManualClock, handler: FundsHandler
) -> None:
    async with open_command_handlers(resources, clock) as others:
        handlers = [handler, others.funds]
        await asyncio.gather(
            *(
                _in_turn(one, [f"p-{process}-{number}" for number in range(5)])
                for process, one in enumerate(handlers)
            )
        )
        assert [(await one.current(SHOP)).deposit for one in handlers] == [1_000, 1_000]
    assert [funds.deposit for funds in [fold(Funds(), await funds_of(resources))]] == [1_000]


async def test_a_refund_and_a_top_up_at_once_are_both_booked_whoever_is_first(
    resources: Resources, logged: Logged, handler: FundsHandler
) -> None:
    """The refund's order is paid to the shop less commissions, so its cash covers the refund."""
    for number in range(4):
        order_id = f"order-{number}"
        await logged.write(settled_order(order_id).events, order_id=order_id)
    heard = Heard()
    await asyncio.gather(
        follow(resources),
        _in_turn(handler, [f"p-{number}" for number in range(8)], heard),
    )
    funds = fold(Funds(), await funds_of(resources))
    assert funds == await handler.current(SHOP)
    assert funds.deposit == 800
    assert [one.source for one in funds.in_transit.values()] == [FundingSource.CASH] * 4
    assert heard.refusals == []


async def test_a_refund_in_between_takes_the_cash_a_withdrawal_counted_on(
    resources: Resources, logged: Logged, handler: FundsHandler, overtaken: OvertakenBatcher
) -> None:
    order = settled_order("order-1")
    await logged.write(order.events[:-1])
    await follow(resources)
    cash = (await handler.current(SHOP)).available[Account.CASH_ALIPAY]

    async def agreed_and_funded() -> None:
        await logged.write(order.events[-1:], after_version=len(order.events) - 1)
        await follow(resources)

    overtaken.times, overtaken.overtake = 1, agreed_and_funded
    everything = WithdrawCash(reference="w-1", account=Account.CASH_ALIPAY, amount=cash)
    heard = Heard()
    assert (await handler.handle(asking(everything), heard)).status == 409
    (refusal,) = heard.refusals
    assert refusal.facts["available"] == str(cash - 1_000)
    assert (await handler.current(SHOP)).reserved(Account.CASH_ALIPAY) == 1_000


async def test_a_shop_in_test_mode_is_booked_by_its_clock(
    resources: Resources, clock: ManualClock, handler: FundsHandler
) -> None:
    await given_test_clock(resources.pool, SHOP, FUTURE, real_now=clock.now())
    await handler.handle(asking(top_up()), Heard())
    (event,) = await funds_of(resources)
    assert event.at == FUTURE
    stored = await resources.pool.fetchval("SELECT metadata->>'clock' FROM after_sales.events")
    assert stored == ClockKind.TEST.value


async def test_a_clock_given_while_the_first_money_comes_is_found_before_it_is_booked(
    resources: Resources, clock: ManualClock, handler: FundsHandler, overtaken: OvertakenBatcher
) -> None:
    overtaken.times = 1
    overtaken.overtake = lambda: given_test_clock(
        resources.pool, SHOP, FUTURE, real_now=clock.now()
    )
    await handler.handle(asking(top_up()), Heard())
    (event,) = await funds_of(resources)
    assert event.at == FUTURE


async def test_a_shop_that_has_money_gets_no_test_clock(
    resources: Resources, clock: ManualClock, handler: FundsHandler
) -> None:
    await handler.handle(asking(top_up()), Heard())
    with pytest.raises(ClockRefused) as refused:
        await given_test_clock(resources.pool, SHOP, FUTURE, real_now=clock.now())
    assert refused.value.code is ClockRefusalCode.SHOP_IN_PRODUCTION


async def _in_turn(
    handler: FundsHandler, references: list[str], heard: Heard | None = None
) -> None:
    for reference in references:
        await handler.handle(asking(top_up(reference=reference)), heard or Heard())
