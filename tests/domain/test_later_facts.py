"""Shipment, receipt and settlement: each once, none in the future, none out of order."""

from collections.abc import Callable
from datetime import datetime

import pytest

from app.domain.order.commission_split import shares_at_settlement
from app.domain.order.registration import (
    OrderSettled,
    OrderShipped,
    ReceiptConfirmed,
    RecordReceiptConfirmation,
    RecordSettlement,
    RecordShipment,
)
from app.domain.policy import POLICY
from app.domain.rejections import RejectionCode
from tests.support.orders import (
    CREATED,
    DAY,
    HOUR,
    INSTANT,
    History,
    accepted,
    code_of,
    registered_order,
)

LaterFact = RecordShipment | RecordReceiptConfirmation | RecordSettlement
NOW = CREATED + 20 * DAY
SKEW = POLICY.fact_clock_skew_max


def shipped(at: datetime) -> LaterFact:
    """Report a shipment."""
    return RecordShipment(shipped_at=at)


def received(at: datetime) -> LaterFact:
    """Report a confirmed receipt."""
    return RecordReceiptConfirmation(confirmed_at=at)


def settled(at: datetime) -> LaterFact:
    """Report a settlement."""
    return RecordSettlement(settled_at=at)


each_fact = pytest.mark.parametrize("fact", [shipped, received, settled])
Fact = Callable[[datetime], LaterFact]


def reported(*facts: LaterFact) -> History:
    """Given an order about which these were reported, all at once."""
    given = registered_order()
    for fact in facts:
        given = given.then(fact, at=NOW)
    return given


def test_each_fact_is_recorded_with_its_own_instant_at_the_instant_it_was_reported() -> None:
    then = CREATED + DAY
    expected = {
        shipped: OrderShipped(at=NOW, shipped_at=then),
        received: ReceiptConfirmed(at=NOW, confirmed_at=then),
        settled: OrderSettled(
            at=NOW, settled_at=then, shares=shares_at_settlement(registered_order().order)
        ),
    }
    for fact, event in expected.items():
        assert accepted(registered_order().ask(fact(then), at=NOW)).all_events == (event,)
    order = reported(shipped(then), received(then + HOUR), settled(then + DAY)).order
    instants = (order.shipped_at, order.receipt_confirmed_at, order.settled_at)
    assert instants == (then, then + HOUR, then + DAY)


@each_fact
def test_the_same_fact_again_changes_nothing_and_another_instant_is_a_conflict(fact: Fact) -> None:
    given = reported(fact(CREATED + DAY))
    assert accepted(given.ask(fact(CREATED + DAY), at=NOW)).all_events == ()
    different = given.ask(fact(CREATED + DAY + INSTANT), at=NOW)
    assert code_of(different) is RejectionCode.FACT_CONFLICT


@each_fact
def test_a_fact_may_be_ahead_of_our_clock_by_the_allowed_skew_and_no_more(fact: Fact) -> None:
    accepted(registered_order().ask(fact(NOW + SKEW), at=NOW))
    refused = registered_order().ask(fact(NOW + SKEW + INSTANT), at=NOW)
    assert code_of(refused) is RejectionCode.FACT_IN_FUTURE


@each_fact
def test_nothing_happened_to_an_order_before_it_was_created(fact: Fact) -> None:
    accepted(registered_order().ask(fact(CREATED), at=NOW))
    refused = registered_order().ask(fact(CREATED - INSTANT), at=NOW)
    assert code_of(refused) is RejectionCode.FACT_BEFORE_ORDER


@pytest.mark.parametrize(
    ("earlier", "later"), [(shipped, received), (received, settled), (shipped, settled)]
)
def test_facts_keep_their_order_whichever_is_reported_first(earlier: Fact, later: Fact) -> None:
    then = CREATED + 2 * DAY
    accepted(reported(earlier(then)).ask(later(then), at=NOW))
    accepted(reported(later(then)).ask(earlier(then), at=NOW))
    too_early = reported(earlier(then)).ask(later(then - INSTANT), at=NOW)
    too_late = reported(later(then)).ask(earlier(then + INSTANT), at=NOW)
    assert code_of(too_early) is RejectionCode.FACT_OUT_OF_ORDER
    assert code_of(too_late) is RejectionCode.FACT_OUT_OF_ORDER
