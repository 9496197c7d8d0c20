"""Refunds pay once, whatever the provider does: held against the provider's own book."""

import pytest

from app.domain.funds.accounts import Account
from app.domain.order.tickets import TicketState
from app.domain.refunds import RefundRefusal, RefundStatus, refund_key_of
from tests.payments.refund_cases import Refunding, refund_agreed
from tests.support.orders import SHOP
from tools.sandboxes.payment_provider.behaviours import Behaviour

REFUSED = {
    Behaviour.BUYER_ACCOUNT_CLOSED: RefundRefusal.BUYER_ACCOUNT_CLOSED,
    Behaviour.REFUSES_LATER: RefundRefusal.BUYER_ACCOUNT_CLOSED,
    Behaviour.MERCHANT_BALANCE_INSUFFICIENT: RefundRefusal.MERCHANT_BALANCE_INSUFFICIENT,
}


@pytest.mark.parametrize("behaviour", list(Behaviour))
async def test_whatever_the_provider_does_a_refund_is_paid_once_or_goes_back(
    refunding: Refunding, behaviour: Behaviour
) -> None:
    order_id = f"order-{behaviour.value}"
    await refunding.agree(refund_agreed(order_id, 8_001))
    await refunding.work_until_done()
    ticket, funds = await refunding.ticket(order_id), await refunding.funds()
    assert ticket.refund is not None
    assert funds.in_transit == {}
    if behaviour in REFUSED:
        assert (ticket.state, ticket.refund.status) == (
            TicketState.REFUNDING,
            RefundStatus.REFUSED,
        )
        assert await refunding.paid(f"{order_id}-1") == []
        assert funds.arrears == 0
    else:
        assert (ticket.state, ticket.refund.status) == (
            TicketState.SUCCEEDED,
            RefundStatus.SUCCEEDED,
        )
        assert await refunding.paid(f"{order_id}-1") == [8_001]


async def test_unknown_stays_unknown_until_the_provider_answers(refunding: Refunding) -> None:
    order_id = f"unknown-{Behaviour.HANGS_AFTER_PAYING.value}"
    await refunding.agree(refund_agreed(order_id, 7_001))
    await refunding.follow()
    assert await refunding.work_once() == 1
    ticket = await refunding.ticket(order_id)
    assert ticket.refund is not None
    assert (ticket.state, ticket.refund.status) == (TicketState.REFUNDING, RefundStatus.UNKNOWN)
    assert (await refunding.funds()).in_transit.keys() == {refund_key_of(SHOP, f"{order_id}-1")}
    await refunding.work_until_done()
    assert (await refunding.ticket(order_id)).state is TicketState.SUCCEEDED
    assert await refunding.paid(f"{order_id}-1") == [7_001]


async def test_two_workers_side_by_side_pay_each_refund_once(refunding: Refunding) -> None:
    order_ids = [f"pair-{number}" for number in range(10)]
    await refunding.agree(*(refund_agreed(order_id, 6_001) for order_id in order_ids))
    await refunding.work_until_done()
    for order_id in order_ids:
        assert await refunding.paid(f"{order_id}-1") == [6_001]
        assert (await refunding.ticket(order_id)).state is TicketState.SUCCEEDED


async def test_the_shop_owes_what_the_platform_paid_in_advance(refunding: Refunding) -> None:
    await refunding.agree(refund_agreed("advance-1", 5_001))
    await refunding.work_until_done()
    funds = await refunding.funds()
    ticket = await refunding.ticket("advance-1")
    assert ticket.refund is not None
    assert ticket.refund.shares is not None
    assert funds.arrears == ticket.refund.shares.shop == 5_001
    settled = funds.available[Account.CASH_ALIPAY]
    assert 0 < settled < 5_001, "what settlement brought did not cover the whole amount"
