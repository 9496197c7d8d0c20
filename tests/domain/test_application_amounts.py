"""What an application may ask for: items of the order, units that are left, money that is left."""

import pytest

from app.domain.order.applications import RequestExchange
from app.domain.order.events import OrderEvent
from app.domain.order.facts import OrderFacts
from app.domain.order.refunds import RefundSucceeded
from app.domain.order.tickets import RequestedItem, TicketState, TicketType
from app.domain.rejections import RejectionCode
from tests.domain.ticket_samples import goods_there, ship_back
from tests.support.orders import (
    CNY,
    HOUR,
    OPENED,
    RECEIVED,
    History,
    accepted,
    agree,
    an_item,
    apply_for,
    code_of,
    order_facts,
    order_with_open_entry,
    received_order,
    refund_arrived,
    refusal_of,
    request_refund,
    some,
)

AT = OPENED + HOUR
GOODS_ONLY = (TicketType.EXCHANGE, TicketType.REISSUE, TicketType.REPAIR)
MONEY = (TicketType.REFUND_ONLY, TicketType.RETURN_AND_REFUND)


def two_items() -> OrderFacts:
    """Give three scarves for 90 yuan and a hat for 10."""
    return order_facts(
        an_item("scarf", quantity=3, amount_paid=9_000),
        an_item("hat", quantity=1, amount_paid=1_000),
    )


def with_refund(
    given: History, *items: RequestedItem, ticket_type: TicketType = TicketType.REFUND_ONLY
) -> History:
    """Apply, and let the money arrive once the goods are back, where they go back."""
    applied = given.then(apply_for(ticket_type, *items), at=AT)
    (ticket_id,) = (ticket.ticket_id for ticket in applied.tickets.values() if ticket.active)
    if ticket_type is TicketType.RETURN_AND_REFUND:
        agreed = applied.then(agree(ticket_id), at=AT)
        applied = agreed.then(ship_back(ticket_id=ticket_id), at=AT)
        applied = applied.then(goods_there(ticket_id), at=AT)
    paid_back: OrderEvent = RefundSucceeded(
        at=AT,
        ticket_id=ticket_id,
        buyer_id="buyer-1",
        items=items,
        amount=sum(item.amount for item in items),
        currency=CNY,
        refund_key=None,
        source=None,
        provider_reference=None,
        state=TicketState.SUCCEEDED,
        due=None,
    )
    return applied.and_events(paid_back)


@pytest.mark.parametrize("ticket_type", MONEY)
def test_all_that_was_paid_for_an_item_may_be_asked_for_and_not_one_unit_more(
    ticket_type: TicketType,
) -> None:
    given = order_with_open_entry(two_items())
    accepted(given.ask(apply_for(ticket_type, some("hat", amount=1_000)), at=AT))
    refused = refusal_of(given.ask(apply_for(ticket_type, some("hat", amount=1_001)), at=AT))
    assert refused.code is RejectionCode.AMOUNT_EXCEEDS_REFUNDABLE
    assert dict(refused.facts) == {"item_id": "hat", "refundable": "1000"}


def test_what_one_item_has_left_cannot_be_asked_for_another() -> None:
    given = order_with_open_entry(two_items())
    whole = request_refund(some("scarf", amount=9_000), some("hat", amount=1_000))
    assert given.then(whole, at=AT).tickets["order-1-1"].amount == 10_000
    shifted = request_refund(some("scarf", amount=8_999), some("hat", amount=1_001))
    assert code_of(given.ask(shifted, at=AT)) is RejectionCode.AMOUNT_EXCEEDS_REFUNDABLE


def test_refunds_add_up_over_tickets_until_nothing_is_left() -> None:
    given = order_with_open_entry(two_items())
    for amount in (4_000, 4_000):
        given = with_refund(given, some("scarf", amount=amount))
    assert (given.order.refunded, given.order.refundable) == (8_000, 2_000)
    refused = refusal_of(given.ask(request_refund(some("scarf", amount=1_001)), at=AT))
    assert refused.facts["refundable"] == "1000"
    given = with_refund(given, some("scarf", amount=1_000))
    refused = refusal_of(given.ask(request_refund(some("scarf", amount=1)), at=AT))
    assert refused.facts["refundable"] == "0"
    accepted(given.ask(request_refund(some("hat", amount=1)), at=AT))


@pytest.mark.parametrize("ticket_type", TicketType)
def test_an_order_refunded_in_full_takes_no_application_of_any_type(
    ticket_type: TicketType,
) -> None:
    given = with_refund(
        order_with_open_entry(two_items()),
        some("scarf", amount=9_000),
        some("hat", amount=1_000),
    )
    refused = given.ask(apply_for(ticket_type, some("hat", amount=0)), at=AT)
    assert code_of(refused) is RejectionCode.AMOUNT_EXCEEDS_REFUNDABLE


def test_a_refund_through_the_whole_flow_reduces_what_is_left() -> None:
    given = (
        order_with_open_entry()
        .then(request_refund(some(amount=6_000)), at=AT)
        .then(agree(), at=AT)
        .then(refund_arrived(), at=AT)
    )
    accepted(given.ask(request_refund(some(amount=4_000)), at=AT))
    refused = given.ask(request_refund(some(amount=4_001)), at=AT)
    assert code_of(refused) is RejectionCode.AMOUNT_EXCEEDS_REFUNDABLE


def test_money_asked_for_and_not_yet_paid_back_reduces_nothing() -> None:
    given = order_with_open_entry().then(request_refund(some(amount=6_000)), at=AT)
    assert given.then(agree(), at=AT).order.refundable == 10_000


@pytest.mark.parametrize("ticket_type", TicketType)
def test_all_units_of_an_item_may_be_concerned_and_not_one_more(ticket_type: TicketType) -> None:
    given = order_with_open_entry(two_items())
    amount = 1 if ticket_type in MONEY else 0
    accepted(given.ask(apply_for(ticket_type, some("scarf", quantity=3, amount=amount)), at=AT))
    too_many = apply_for(ticket_type, some("scarf", quantity=4, amount=amount))
    refused = refusal_of(given.ask(too_many, at=AT))
    assert refused.code is RejectionCode.QUANTITY_EXCEEDED
    assert dict(refused.facts) == {"item_id": "scarf", "left": 3}


def test_units_sent_back_for_a_refund_are_no_longer_there() -> None:
    given = with_refund(
        order_with_open_entry(two_items()),
        some("scarf", quantity=2, amount=2_000),
        ticket_type=TicketType.RETURN_AND_REFUND,
    )
    accepted(given.ask(apply_for(TicketType.EXCHANGE, some("scarf", quantity=1)), at=AT))
    refused = refusal_of(
        given.ask(apply_for(TicketType.EXCHANGE, some("scarf", quantity=2)), at=AT)
    )
    assert refused.code is RejectionCode.QUANTITY_EXCEEDED
    assert refused.facts["left"] == 1


def test_units_refunded_without_return_are_still_there() -> None:
    given = with_refund(order_with_open_entry(two_items()), some("scarf", quantity=3, amount=2_000))
    accepted(given.ask(apply_for(TicketType.EXCHANGE, some("scarf", quantity=3)), at=AT))


@pytest.mark.parametrize("ticket_type", TicketType)
def test_an_item_must_be_of_the_order_and_named_once(ticket_type: TicketType) -> None:
    given = order_with_open_entry(two_items())
    amount = 1 if ticket_type in MONEY else 0
    strange = refusal_of(given.ask(apply_for(ticket_type, some("glove", amount=amount)), at=AT))
    assert strange.code is RejectionCode.ITEM_NOT_IN_ORDER
    assert dict(strange.facts) == {"item_id": "glove"}
    hat = some("hat", amount=amount)
    twice = refusal_of(given.ask(apply_for(ticket_type, hat, hat), at=AT))
    assert twice.code is RejectionCode.ITEM_REPEATED
    assert dict(twice.facts) == {"item_id": "hat"}


@pytest.mark.parametrize("return_goods", [True, False])
def test_a_refund_of_nothing_is_refused_but_one_item_of_several_may_be_free(
    return_goods: bool,
) -> None:
    given = order_with_open_entry(two_items())
    nothing = request_refund(
        some("hat", amount=0), some("scarf", amount=0), return_goods=return_goods
    )
    assert code_of(given.ask(nothing, at=AT)) is RejectionCode.NOTHING_REQUESTED
    one_free = request_refund(
        some("hat", amount=1), some("scarf", amount=0), return_goods=return_goods
    )
    accepted(given.ask(one_free, at=AT))


@pytest.mark.parametrize("ticket_type", TicketType)
@pytest.mark.parametrize("quantity", [0, -1])
def test_less_than_one_unit_is_nothing(ticket_type: TicketType, quantity: int) -> None:
    amount = 1_000 if ticket_type in MONEY else 0
    command = apply_for(ticket_type, some(quantity=quantity, amount=amount))
    refused = order_with_open_entry().ask(command, at=AT)
    assert code_of(refused) is RejectionCode.NOTHING_REQUESTED


def test_a_negative_amount_cannot_hide_behind_a_positive_one() -> None:
    given = order_with_open_entry(two_items())
    command = request_refund(some("scarf", amount=2_000), some("hat", amount=-1_000))
    assert code_of(given.ask(command, at=AT)) is RejectionCode.NOTHING_REQUESTED


def test_an_application_for_no_items_is_refused() -> None:
    sample = apply_for(TicketType.EXCHANGE)
    empty = RequestExchange(items=(), reason=sample.reason, description=None)
    refused = order_with_open_entry().ask(empty, at=AT)
    assert code_of(refused) is RejectionCode.NOTHING_REQUESTED


@pytest.mark.parametrize("ticket_type", GOODS_ONLY)
def test_goods_and_money_are_not_asked_for_in_one_application(ticket_type: TicketType) -> None:
    command = apply_for(ticket_type, some(amount=1))
    refused = order_with_open_entry().ask(command, at=AT)
    assert code_of(refused) is RejectionCode.AMOUNT_EXCEEDS_REFUNDABLE


def test_an_order_that_cost_nothing_may_be_repaired_but_has_nothing_to_refund() -> None:
    given = received_order(order_facts(an_item(amount_paid=0)))
    accepted(given.ask(apply_for(TicketType.REPAIR), at=RECEIVED + HOUR))
    refused = given.ask(request_refund(some(amount=1)), at=RECEIVED + HOUR)
    assert code_of(refused) is RejectionCode.AMOUNT_EXCEEDS_REFUNDABLE
