"""Registering an order: once, whole, and only if its facts can be true together."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from app.domain.money import AMOUNT_MAX, Money
from app.domain.order.decide import Accepted
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.facts import BusinessLine, OnlinePayment, OrderFacts, PaymentChannel
from app.domain.order.registration import OrderRegistered, RegisterOrder
from app.domain.order.state import Unregistered
from app.domain.policy import POLICY
from app.domain.rejections import RejectionCode
from tests.support.orders import (
    CNY,
    CREATED,
    DAY,
    INSTANT,
    OPENED,
    History,
    accepted,
    an_item,
    code_of,
    order_facts,
    paid_on_delivery,
    paid_online,
    refusal_of,
    registered_order,
    withdraw,
)

SKEW = POLICY.fact_clock_skew_max


def registering(facts: OrderFacts, *, at: datetime = CREATED + DAY) -> RejectionCode | None:
    """Return the code registering is refused with, or None if it is accepted."""
    outcome = History().ask(RegisterOrder(facts=facts), at=at)
    return None if isinstance(outcome, Accepted) else outcome.code


def test_an_order_is_registered_with_all_its_facts() -> None:
    facts = order_facts(an_item("item-1"), an_item("item-2", amount_paid=0))
    outcome = accepted(History().ask(RegisterOrder(facts=facts), at=CREATED + DAY))
    assert outcome.all_events == (OrderRegistered(at=CREATED + DAY, facts=facts),)
    order = registered_order(facts).order
    assert (order.facts, order.version, order.refundable) == (facts, 1, 10_000)


def test_nothing_but_registration_is_possible_before_it() -> None:
    for command in (OpenAfterSalesEntry(), withdraw()):
        assert code_of(History().ask(command, at=OPENED)) is RejectionCode.ORDER_NOT_FOUND
    assert History().state == Unregistered()


def test_the_same_facts_again_change_nothing() -> None:
    given = registered_order()
    assert accepted(given.ask(RegisterOrder(facts=order_facts()), at=OPENED)).all_events == ()


def test_the_same_instants_in_another_zone_are_the_same_facts() -> None:
    shanghai = CREATED.astimezone(timezone(timedelta(hours=8)))
    again = RegisterOrder(facts=order_facts(created_at=shanghai))
    assert accepted(registered_order().ask(again, at=OPENED)).all_events == ()


@pytest.mark.parametrize(
    "other",
    [
        order_facts(buyer_id="buyer-2"),
        order_facts(created_at=CREATED + INSTANT),
        order_facts(an_item(amount_paid=10_001)),
        order_facts(an_item(quantity=3)),
        order_facts(an_item(), an_item("item-2", amount_paid=0)),
        order_facts(business_line=BusinessLine.XUELANG),
        order_facts(payment=paid_on_delivery(10_000, paid_at=CREATED)),
        order_facts(
            payment=OnlinePayment(
                channel=PaymentChannel.WECHAT,
                amount=Money(amount=10_000, currency=CNY),
                paid_at=CREATED,
            )
        ),
        replace(
            order_facts(), commission=replace(order_facts().commission, service_fee_basis_points=61)
        ),
    ],
)
def test_other_facts_about_a_known_order_are_a_conflict(other: OrderFacts) -> None:
    outcome = registered_order().ask(RegisterOrder(facts=other), at=OPENED)
    assert code_of(outcome) is RejectionCode.ORDER_FACTS_CONFLICT


def test_an_order_may_be_ahead_of_our_clock_by_the_allowed_skew_and_no_more() -> None:
    facts = order_facts()
    assert registering(facts, at=CREATED - SKEW) is None
    refused = History().ask(RegisterOrder(facts=facts), at=CREATED - SKEW - INSTANT)
    assert code_of(refused) is RejectionCode.FACT_IN_FUTURE
    assert refusal_of(refused).facts["fact"] == "created_at"


def test_a_payment_in_the_future_is_refused() -> None:
    facts = order_facts(payment=paid_online(10_000, paid_at=CREATED + DAY))
    assert registering(facts, at=CREATED + DAY - SKEW) is None
    assert registering(facts, at=CREATED + DAY - SKEW - INSTANT) is RejectionCode.FACT_IN_FUTURE


def test_an_order_is_not_paid_before_it_exists() -> None:
    early = order_facts(payment=paid_online(10_000, paid_at=CREATED - INSTANT))
    at_once = order_facts(payment=paid_online(10_000, paid_at=CREATED))
    assert registering(early) is RejectionCode.FACT_BEFORE_ORDER
    assert registering(at_once) is None


def test_cash_not_collected_yet_has_no_instant_to_check() -> None:
    assert registering(order_facts(payment=paid_on_delivery(10_000))) is None


@pytest.mark.parametrize("paid", [9_999, 10_001, 0])
def test_items_must_add_up_to_the_payment(paid: int) -> None:
    refused = History().ask(
        RegisterOrder(facts=order_facts(payment=paid_online(paid))), at=CREATED + DAY
    )
    assert code_of(refused) is RejectionCode.ITEMS_DO_NOT_ADD_UP
    assert dict(refusal_of(refused).facts) == {"items": "10000", "payment": str(paid)}


def test_a_sum_is_kept_up_to_int64_and_refused_beyond_it() -> None:
    half = an_item("item-1", amount_paid=AMOUNT_MAX - 1)
    assert registering(order_facts(half, an_item("item-2", amount_paid=1))) is None
    beyond = order_facts(half, an_item("item-2", amount_paid=2))
    assert registering(beyond) is RejectionCode.ITEMS_DO_NOT_ADD_UP


def test_an_item_id_may_not_be_repeated() -> None:
    refused = History().ask(
        RegisterOrder(facts=order_facts(an_item("a"), an_item("b"), an_item("a"))), at=OPENED
    )
    assert code_of(refused) is RejectionCode.ITEM_REPEATED
    assert refusal_of(refused).facts["item_id"] == "a"


@pytest.mark.parametrize(
    "facts",
    [
        replace(order_facts(payment=paid_online(0)), items=()),
        order_facts(an_item("a", amount_paid=-1), an_item("b", amount_paid=10_001)),
        order_facts(an_item(quantity=0)),
        order_facts(an_item(quantity=-1)),
    ],
)
def test_an_order_of_no_items_or_of_negative_ones_is_refused(facts: OrderFacts) -> None:
    assert registering(facts) is RejectionCode.ITEMS_DO_NOT_ADD_UP


def test_an_order_that_cost_nothing_can_be_registered() -> None:
    assert registering(order_facts(an_item(amount_paid=0))) is None
