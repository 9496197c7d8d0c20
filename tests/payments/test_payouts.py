"""Advance payouts pay once, whatever the provider does: held against its own book."""

from dataclasses import replace
from datetime import timedelta

from app.domain.funds.accounts import Account
from app.domain.order.tickets import Payout, TicketState
from app.domain.refunds import PayoutStatus, RefundRefusal
from app.domain.rejections import RejectionCode, reject
from app.sealing import Seal
from tests.payments.payout_cases import AMOUNT, refused, start
from tests.payments.refund_cases import Refunding
from tools.sandboxes.payment_provider.behaviours import Behaviour

REFUSES = {
    Behaviour.BUYER_ACCOUNT_CLOSED,
    Behaviour.REFUSES_LATER,
    Behaviour.MERCHANT_BALANCE_INSUFFICIENT,
}


async def payout_of(refunding: Refunding, order_id: str) -> Payout:
    """Return the latest payout of an order's ticket."""
    payout = (await refunding.ticket(order_id)).last_payout
    assert payout is not None
    return payout


async def test_whatever_the_provider_does_a_payout_is_paid_once_or_goes_back(
    refunding: Refunding,
) -> None:
    order_ids = await refused(refunding, *(f"payout-{behaviour}" for behaviour in Behaviour))
    cash = (await refunding.funds()).available[Account.CASH_ALIPAY]
    for order_id, behaviour in zip(order_ids, Behaviour, strict=True):
        await refunding.ask(order_id, start(order_id, f"someone-{behaviour.value}"))
    await refunding.work_until_done()
    for order_id, behaviour in zip(order_ids, Behaviour, strict=True):
        state, status = TicketState.SUCCEEDED, PayoutStatus.PAID
        if behaviour in REFUSES:
            state, status = TicketState.REFUNDING, PayoutStatus.REFUSED
        ticket, payout = await refunding.ticket(order_id), await payout_of(refunding, order_id)
        paid = [] if behaviour in REFUSES else [AMOUNT]
        assert (behaviour, ticket.state, payout.status) == (behaviour, state, status)
        assert (behaviour, await refunding.paid(f"{order_id}-1")) == (behaviour, paid)
    funds = await refunding.funds()
    assert funds.in_transit == {}
    assert funds.available[Account.CASH_ALIPAY] == cash, "the deposit is charged, not the cash"
    assert funds.arrears == AMOUNT * (len(Behaviour) - len(REFUSES))
    assert funds.restricted


async def test_after_a_refused_payout_another_account_is_paid(refunding: Refunding) -> None:
    (order_id,) = await refused(refunding, "second")
    await refunding.ask(order_id, start(order_id, f"one-{Behaviour.BUYER_ACCOUNT_CLOSED.value}"))
    await refunding.work_until_done()
    again = await refunding.ask(order_id, start(order_id, "13800001234", 2))
    assert again.refusal is None
    await refunding.work_until_done()
    ticket = await refunding.ticket(order_id)
    assert [one.status for one in ticket.payouts] == [PayoutStatus.REFUSED, PayoutStatus.PAID]
    assert await refunding.paid(f"{order_id}-1") == [AMOUNT]
    assert (await refunding.funds()).arrears == AMOUNT


async def test_while_a_payout_is_unknown_nothing_else_pays(refunding: Refunding) -> None:
    (order_id,) = await refused(refunding, "unknown")
    first = start(order_id, f"someone-{Behaviour.HANGS_AFTER_PAYING.value}")
    await refunding.ask(order_id, first)
    await refunding.follow()
    assert await refunding.work_once() == 1
    assert (await payout_of(refunding, order_id)).status is PayoutStatus.UNKNOWN
    second = await refunding.ask(order_id, start(order_id, "13800001234", 2))
    assert second.refusal == reject(RejectionCode.PAYOUT_UNDER_WAY, status="unknown")
    assert (await refunding.funds()).in_transit.keys() == {first.payout_key}
    await refunding.work_until_done()
    assert await refunding.paid(f"{order_id}-1") == [AMOUNT]


async def test_a_worker_without_the_key_asks_nobody_and_one_with_it_pays(
    refunding: Refunding,
) -> None:
    (order_id,) = await refused(refunding, "sealed")
    await refunding.ask(order_id, start(order_id, "13800001234"))
    await refunding.follow()
    for seal in (None, Seal([b"another key of thirty-two bytes!"])):
        assert await replace(refunding, seal=seal).work_once() == 1
        assert (await payout_of(refunding, order_id)).status is PayoutStatus.STARTED
        refunding.clock.advance(timedelta(minutes=15))
    assert await refunding.paid(f"{order_id}-1") == []
    await refunding.work_until_done()
    assert await refunding.paid(f"{order_id}-1") == [AMOUNT]


async def test_a_payee_the_provider_does_not_take_is_told_of_with_its_reason(
    refunding: Refunding,
) -> None:
    (order_id,) = await refused(refunding, "reason")
    await refunding.ask(order_id, start(order_id, f"x-{Behaviour.REFUSES_LATER.value}"))
    await refunding.work_until_done()
    view = await refunding.shown(order_id)
    assert view.payouts[-1].refusal is RefundRefusal.BUYER_ACCOUNT_CLOSED
    assert view.payouts[-1].account_masked == "x-r****ater"
