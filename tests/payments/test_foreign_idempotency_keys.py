"""A key under which the provider has another order: nothing of that order is taken for ours."""

from datetime import timedelta

from app.domain.order.tickets import TicketState
from app.domain.refunds import PayoutStatus, RefundStatus, refund_key_of
from app.payments.provider.port import Succeeded
from app.projections.refunds.list import list_waiting
from app.projections.refunds.view import RefundWaiting
from app.topology import Topology
from tests.payments.payout_cases import AMOUNT, refused, start
from tests.payments.provider.sandbox import a_payout, a_refund
from tests.payments.refund_cases import Refunding, refund_agreed
from tests.support.orders import SHOP
from tools.sandboxes.payment_provider.behaviours import Behaviour

OTHERS = 5
"""What another order under the key was paid, in minor units."""


async def waiting_for_a_person(refunding: Refunding) -> list[str]:
    """Return the orders of refunds that wait for a person."""
    await refunding.follow()
    found, _ = await list_waiting(refunding.pool, [RefundWaiting.PERSON], topology=Topology.SINGLE)
    return [one.order_id for one in found]


async def work_again(refunding: Refunding) -> None:
    """Let time pass until what waits is due, and bring it a step further."""
    refunding.clock.advance(timedelta(minutes=15))
    await refunding.follow()
    assert await refunding.work_once() == 1


async def test_a_refund_under_another_orders_key_waits_for_a_person_and_is_never_taken_for_paid(
    refunding: Refunding,
) -> None:
    key = refund_key_of(SHOP, "taken-1")
    assert isinstance(await refunding.provider.refund(a_refund(key, OTHERS)), Succeeded)
    await refunding.agree(refund_agreed("taken"))
    await refunding.follow()
    assert await refunding.work_once() == 1
    assert await waiting_for_a_person(refunding) == ["taken"]
    await work_again(refunding)
    ticket = await refunding.ticket("taken")
    assert ticket.refund is not None
    assert (ticket.state, ticket.refund.status) == (TicketState.REFUNDING, RefundStatus.UNKNOWN)
    assert await refunding.paid("taken-1") == [OTHERS]
    assert (await refunding.funds()).in_transit.keys() == {key}, "nothing went back"


async def test_a_query_that_tells_of_another_amount_is_not_believed(refunding: Refunding) -> None:
    order_id = f"lost-{Behaviour.HANGS_WITHOUT_PAYING.value}"
    await refunding.agree(refund_agreed(order_id))
    await refunding.follow()
    assert await refunding.work_once() == 1
    assert await waiting_for_a_person(refunding) == []
    await refunding.provider.refund(a_refund(refund_key_of(SHOP, f"{order_id}-1"), OTHERS))
    await work_again(refunding)
    assert await waiting_for_a_person(refunding) == [order_id]
    assert (await refunding.ticket(order_id)).state is TicketState.REFUNDING


async def test_a_payout_under_another_orders_key_waits_for_a_person_too(
    refunding: Refunding,
) -> None:
    at_once, later = await refused(refunding, "at-once", "later")
    lost = start(later, f"someone-{Behaviour.HANGS_WITHOUT_PAYING.value}")
    taken = start(at_once, "13800001234")
    await refunding.provider.payout(a_payout(taken.payout_key, AMOUNT + 1))
    for order_id, command in ((at_once, taken), (later, lost)):
        assert (await refunding.ask(order_id, command)).refusal is None
    await refunding.follow()
    assert await refunding.work_once() == 2
    assert await waiting_for_a_person(refunding) == [at_once]
    await refunding.provider.payout(a_payout(lost.payout_key, AMOUNT + 1))
    refunding.clock.advance(timedelta(minutes=15))
    assert await refunding.work_once() == 2
    assert sorted(await waiting_for_a_person(refunding)) == sorted([at_once, later])
    for order_id in (at_once, later):
        payout = (await refunding.ticket(order_id)).last_payout
        assert payout is not None
        assert payout.status is PayoutStatus.UNKNOWN
