"""The buyer changes the wish: the same application, with a new answer to wait for."""

import pytest

from app.domain.order.applications import ApplicationModified
from app.domain.order.returns import RejectReturnedGoods
from app.domain.order.tickets import Due, DueAction, TicketState, TicketType
from app.domain.reasons import ApplicationReason
from app.domain.rejections import RejectionCode
from tests.domain.ticket_samples import (
    APPLIED,
    SAMPLES,
    a_ticket,
    goods_there,
    modify,
    ship_back,
    the_ticket,
)
from tests.support.orders import (
    BUYER,
    CNY,
    DAY,
    FIRST_TICKET,
    HOUR,
    INSTANT,
    History,
    accepted,
    agree,
    code_of,
    received_order,
    refund_arrived,
    refusal_of,
    refuse,
    request_refund,
    some,
    withdraw,
)

SENT_BACK = (agree(), ship_back())


@pytest.mark.parametrize("now_wanted", TicketType)
def test_an_application_may_be_changed_into_any_type_and_gets_its_48_hours_anew(
    now_wanted: TicketType,
) -> None:
    at, wish = APPLIED + 47 * HOUR, modify(now_wanted)
    (modified,) = accepted(a_ticket(of=TicketType.EXCHANGE).ask(wish, at=at)).events
    due = Due(at=at + 48 * HOUR, action=DueAction.AGREE, remind_at=at + 36 * HOUR)
    assert modified == ApplicationModified(
        at=at,
        ticket_id=FIRST_TICKET,
        buyer_id=BUYER,
        type=now_wanted,
        items=wish.items,
        amount=wish.items[0].amount,
        currency=CNY,
        reason=ApplicationReason.AGREED_WITH_MERCHANT,
        description=None,
        evidence=(),
        state=TicketState.PENDING_MERCHANT,
        due=due,
    )
    ticket = the_ticket(a_ticket(of=TicketType.EXCHANGE).then(wish, at=at))
    assert (ticket.type, ticket.items, ticket.amount) == (now_wanted, wish.items, modified.amount)
    assert (ticket.modifications, ticket.due, ticket.reminded) == (1, due, False)


def test_silence_agrees_to_what_is_asked_for_now() -> None:
    given = a_ticket(of=TicketType.EXCHANGE).then(modify(TicketType.REFUND_ONLY), at=APPLIED + DAY)
    before = given.once_timers_ran(at=APPLIED + 3 * DAY - INSTANT)
    assert the_ticket(before).state is TicketState.PENDING_MERCHANT
    assert the_ticket(before.once_timers_ran(at=APPLIED + 3 * DAY)).state is TicketState.REFUNDING


@pytest.mark.parametrize(
    "given",
    [a_ticket(refuse()), a_ticket(*SENT_BACK, SAMPLES[RejectReturnedGoods])],
    ids=["rejected", "rejected after return"],
)
def test_a_rejected_application_may_be_changed_and_waits_anew(given: History) -> None:
    ticket = the_ticket(given.then(modify(TicketType.REFUND_ONLY), at=APPLIED + DAY))
    assert ticket.state is TicketState.PENDING_MERCHANT
    assert ticket.amount == 500


@pytest.mark.parametrize("given", [a_ticket(agree()), a_ticket(*SENT_BACK)])
def test_after_the_agreement_nothing_is_changed_any_more(given: History) -> None:
    refused = refusal_of(given.ask(modify(TicketType.REFUND_ONLY), at=APPLIED + DAY))
    assert refused.code is RejectionCode.MODIFICATION_NOT_ALLOWED
    assert refused.facts["allowed_in"] == "pending_merchant, rejected, rejected_after_return"


def test_a_changed_application_is_not_one_more_of_the_period() -> None:
    given = received_order().then(request_refund(), at=received_order().order.updated_at)
    for _ in range(5):
        given = given.then(modify(TicketType.REPAIR), at=given.order.updated_at)
    assert given.order.applications_in_period == 1
    assert not the_ticket(given).overdue


def test_an_application_is_changed_five_times_at_most() -> None:
    five = a_ticket(*(modify(TicketType.REFUND_ONLY, amount=amount) for amount in range(1, 6)))
    refused = refusal_of(five.ask(modify(TicketType.REFUND_ONLY), at=APPLIED + DAY))
    assert refused.code is RejectionCode.MODIFICATION_LIMIT_REACHED
    assert dict(refused.facts) == {"limit": 5}
    assert the_ticket(five).amount == 5
    another = five.then(withdraw(), at=APPLIED + DAY).then(request_refund(), at=APPLIED + DAY)
    accepted(another.ask(modify(TicketType.REPAIR, "order-1-2"), at=APPLIED + DAY))


def test_what_is_asked_for_now_must_be_there_as_if_it_were_asked_for_at_first() -> None:
    paid = a_ticket(agree(), refund_arrived(), of=TicketType.REFUND_ONLY)
    given = paid.then(request_refund(), at=APPLIED + 3 * HOUR)
    at, second = APPLIED + 4 * HOUR, "order-1-2"
    accepted(given.ask(modify(TicketType.REFUND_ONLY, second, amount=9_000), at=at))
    for quantity, amount, code in (
        (1, 9_001, RejectionCode.AMOUNT_EXCEEDS_REFUNDABLE),
        (3, 1, RejectionCode.QUANTITY_EXCEEDED),
        (0, 1, RejectionCode.NOTHING_REQUESTED),
        (1, 0, RejectionCode.NOTHING_REQUESTED),
    ):
        wish = modify(TicketType.REFUND_ONLY, second, quantity=quantity, amount=amount)
        assert code_of(given.ask(wish, at=at)) is code


def test_goods_that_are_back_need_not_come_back_again_unless_more_is_asked_for() -> None:
    rejected = a_ticket(*SENT_BACK, SAMPLES[RejectReturnedGoods])
    as_many = rejected.then(modify(TicketType.RETURN_AND_REFUND), at=APPLIED + DAY)
    agreed = the_ticket(as_many.then(agree(), at=APPLIED + DAY))
    assert agreed.state is TicketState.REFUNDING
    more = rejected.then(modify(TicketType.RETURN_AND_REFUND, quantity=2), at=APPLIED + DAY)
    asked = the_ticket(more.then(agree(), at=APPLIED + DAY))
    assert asked.state is TicketState.AWAITING_RETURN


def test_units_never_sent_back_are_not_counted_as_returned() -> None:
    rejected = a_ticket(*SENT_BACK, SAMPLES[RejectReturnedGoods])
    kept = rejected.then(modify(TicketType.REFUND_ONLY, quantity=2), at=APPLIED + DAY)
    paid = kept.then(agree(), at=APPLIED + DAY).then(refund_arrived(), at=APPLIED + DAY)
    assert paid.order.refunds["item-1"].quantity_returned == 0
    back = a_ticket(*SENT_BACK, goods_there(), refund_arrived())
    assert back.order.refunds["item-1"].quantity_returned == 1


def test_an_item_the_order_does_not_have_cannot_be_asked_for_later_either() -> None:
    wish = modify(TicketType.REPAIR)
    strange = type(wish)(
        ticket_id=FIRST_TICKET,
        type=TicketType.REPAIR,
        items=(some("glove"),),
        reason=wish.reason,
        description=None,
    )
    assert code_of(a_ticket().ask(strange, at=APPLIED)) is RejectionCode.ITEM_NOT_IN_ORDER
