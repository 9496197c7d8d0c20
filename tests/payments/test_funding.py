"""The money of refunds, found in the order of the log: once each, from the right source."""

import asyncio
from dataclasses import replace

from app.domain.funds.accounts import Account, cash_account, change_of
from app.domain.funds.events import (
    FundingReversed,
    FundsEvent,
    Movement,
    RefundFundsReserved,
    RefundPaidOut,
    SettlementReceived,
)
from app.domain.funds.state import Funds, fold
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.facts import PaymentChannel
from app.domain.order.refunds import RecordRefundFunding, RecordRefundRefusal, RecordRefundSuccess
from app.domain.order.registration import RecordSettlement
from app.domain.refunds import FundingSource, RefundRefusal, Shares, refund_key_of
from app.event_store.log import EventLog
from app.event_store.streams import funds_stream, partition_of
from app.event_types.registry import funds_codec
from app.payments.funding import FUNDING_READER
from app.projections.checkpoints import ensure_checkpoints
from app.resources import Resources
from app.topology import Topology
from app.worker import funding_runner
from tests.projections.event_log import Logged
from tests.support.orders import (
    DAY,
    FIRST_TICKET,
    HOUR,
    OPENED,
    RECEIVED,
    SHOP,
    History,
    agree,
    order_facts,
    order_with_ticket,
    received_order,
    refund_arrived,
    request_refund,
)

KEY = refund_key_of(SHOP, FIRST_TICKET)


async def funds_of(resources: Resources) -> list[FundsEvent]:
    """Return what has happened to the shop's money."""
    recorded = await EventLog(funds_codec()).read_stream(
        resources.pool, partition_of(SHOP), funds_stream(SHOP)
    )
    return [one.event for one in recorded]


async def follow(resources: Resources, *, workers: int = 1) -> None:
    """Let funding follow the log to its end, by several at once if need be."""
    async with resources.pool.acquire() as connection:
        await ensure_checkpoints(connection, [FUNDING_READER])
    runners = [funding_runner(resources.pool, Topology.SINGLE) for _ in range(workers)]
    while sum(await asyncio.gather(*(runner.run_once() for runner in runners))):
        pass
    await runners[0].run_until_caught_up()


SETTLED = RECEIVED + 2 * DAY


def settled_order(order_id: str) -> History:
    """Return an order settled before its entry was opened, whose refund was just agreed to."""
    facts = order_facts(order_id=order_id)
    settled = received_order(facts).then(RecordSettlement(settled_at=SETTLED), at=SETTLED)
    applied = settled.then(OpenAfterSalesEntry(), at=OPENED).then(
        request_refund(), at=OPENED + HOUR
    )
    return applied.then(agree(f"{order_id}-1"), at=OPENED + 2 * HOUR)


async def test_before_settlement_a_refund_comes_out_of_escrow(
    resources: Resources, logged: Logged
) -> None:
    await logged.write(order_with_ticket().then(agree(), at=OPENED + 2 * HOUR).events)
    await follow(resources)
    (reserved,) = await funds_of(resources)
    assert isinstance(reserved, RefundFundsReserved)
    assert (reserved.refund_key, reserved.source) == (KEY, FundingSource.ESCROW)
    assert reserved.at == OPENED + 2 * HOUR, "as of the agreement, however late it is booked"


async def test_settlement_brings_the_cash_that_pays_afterwards(
    resources: Resources, logged: Logged
) -> None:
    await logged.write(settled_order("order-1").events)
    await follow(resources)
    settlement, reserved = await funds_of(resources)
    assert isinstance(settlement, SettlementReceived)
    assert isinstance(reserved, RefundFundsReserved)
    assert reserved.source is FundingSource.CASH
    assert reserved.borne == reserved.amount, "past the period nothing flows back"


async def test_the_end_of_a_refund_is_booked_too(resources: Resources, logged: Logged) -> None:
    agreed = settled_order("order-1")
    funded = agreed.then(FUNDED, at=OPENED + 3 * HOUR)
    paid = RecordRefundSuccess(ticket_id=FIRST_TICKET, refund_key=KEY, provider_reference="p-1")
    await logged.write(funded.then(paid, at=OPENED + 4 * HOUR).events)
    await follow(resources)
    events = await funds_of(resources)
    assert isinstance(events[-1], RefundPaidOut)
    assert fold(Funds(), events).in_transit == {}


async def test_what_finance_paid_by_hand_is_booked_under_the_same_key(
    resources: Resources, logged: Logged
) -> None:
    await logged.write(settled_order("order-1").then(refund_arrived(), at=OPENED + 4 * HOUR).events)
    await follow(resources)
    last = (await funds_of(resources))[-1]
    assert isinstance(last, RefundPaidOut)
    assert last.refund_key == KEY


async def test_a_refused_refund_goes_back_and_is_settled_if_its_order_was_meanwhile(
    resources: Resources, logged: Logged
) -> None:
    agreed = order_with_ticket().then(agree(), at=OPENED + 2 * HOUR)
    from_escrow = replace(FUNDED, source=FundingSource.ESCROW)
    funded = agreed.then(from_escrow, at=OPENED + 3 * HOUR)
    settled = funded.then(RecordSettlement(settled_at=OPENED + 4 * HOUR), at=OPENED + 4 * HOUR)
    refused = RecordRefundRefusal(
        ticket_id=FIRST_TICKET,
        refund_key=KEY,
        refusal=RefundRefusal.BUYER_ACCOUNT_CLOSED,
        provider_text="account closed",
    )
    history = settled.then(refused, at=OPENED + 5 * HOUR)
    await logged.write(history.events)
    await follow(resources)
    events = await funds_of(resources)
    kinds = [type(event) for event in events]
    assert kinds == [RefundFundsReserved, SettlementReceived, FundingReversed, SettlementReceived]
    paid = history.order.facts.payment.amount.amount
    escrow = paid + sum(
        change_of(Account.ESCROW, event.journal) for event in events if isinstance(event, Movement)
    )
    assert escrow == 0, "nothing stays behind in the escrow of a settled order"


async def test_many_workers_fund_every_refund_once(resources: Resources, logged: Logged) -> None:
    order_ids = [f"order-{number}" for number in range(30)]
    for order_id in order_ids:
        await logged.write(settled_order(order_id).events, order_id=order_id)
    await follow(resources, workers=4)
    events = await funds_of(resources)
    keys = [event.refund_key for event in events if isinstance(event, RefundFundsReserved)]
    assert sorted(keys) == sorted(refund_key_of(SHOP, f"{order_id}-1") for order_id in order_ids)
    assert len([event for event in events if isinstance(event, SettlementReceived)]) == 30
    funds = fold(Funds(), events)
    assert all(funds.available[cash_account(channel)] >= 0 for channel in PaymentChannel)


async def test_money_for_some_pays_for_some_and_the_platform_for_the_rest(
    resources: Resources, logged: Logged
) -> None:
    """Each settlement brings less than the refund of its order takes past the period."""
    for number in range(12):
        order_id = f"order-{number}"
        history = settled_order(order_id)
        whole = history.order.facts.payment.amount.amount
        assert history.order.tickets[f"{order_id}-1"].amount <= whole
        await logged.write(history.events, order_id=order_id)
    await follow(resources)
    events = await funds_of(resources)
    first = [
        (event.refund_key, event.source)
        for event in events
        if isinstance(event, RefundFundsReserved)
    ]
    funds = fold(Funds(), events)
    spent = sum(one.amount for one in funds.in_transit.values())
    came = sum(event.amount for event in events if isinstance(event, SettlementReceived))
    held = sum(funds.available[cash_account(channel)] for channel in PaymentChannel)
    assert spent == came - held + funds.arrears
    again = fold(Funds(), events)
    assert (again.available, again.in_transit) == (funds.available, funds.in_transit)
    assert len(first) == 12


FUNDED = RecordRefundFunding(
    ticket_id=FIRST_TICKET,
    refund_key=KEY,
    source=FundingSource.CASH,
    shares=Shares(shop=10_000, talent=0, agency=0, service_fee=0),
    insufficient=False,
)
