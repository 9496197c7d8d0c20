"""How the platform rules, and what a silent merchant is ruled to."""

import pytest

from app.domain.order.state import ItemRefunds
from app.domain.order.tickets import (
    Blame,
    CloseCause,
    Ruling,
    TicketState,
    TicketType,
)
from app.domain.rejections import RejectionCode
from tests.domain.ticket_samples import (
    APPLIED,
    ASKED,
    ESCALATED_AT,
    REFUSED_GOODS,
    REQUEST,
    a_ticket,
    escalated,
    rule_for,
    ruling_of,
)
from tests.support.orders import (
    DAY,
    HOUR,
    accepted,
    agree,
    an_item,
    apply_for,
    code_of,
    order_facts,
    order_with_open_entry,
    refund_arrived,
    refuse,
    some,
)

LATER = APPLIED + DAY


def test_a_ruling_for_the_merchant_ends_the_ticket() -> None:
    ruled = ruling_of(ASKED.then(rule_for(Ruling.FOR_MERCHANT), at=LATER))
    assert (ruled.state, ruled.close_cause, ruled.due) == (
        TicketState.CLOSED,
        CloseCause.RULED_FOR_MERCHANT,
        None,
    )
    assert (ruled.items, ruled.amount, ruled.blame) == ((), 0, Blame.CARRIER)
    assert (ruled.automatic, ruled.note) == (False, "物流破损")


def test_a_ruling_for_the_merchant_with_money_for_the_buyer_contradicts_itself() -> None:
    for amount in (0, 500):
        refused = ASKED.ask(rule_for(Ruling.FOR_MERCHANT, amount), at=LATER)
        assert code_of(refused) is RejectionCode.RULING_CONTRADICTS_ITSELF


def test_a_ruling_for_the_buyer_grants_what_was_asked_for() -> None:
    ruled = ruling_of(ASKED.then(rule_for(Ruling.FOR_BUYER), at=LATER))
    assert (ruled.amount, ruled.state) == (1_000, TicketState.AWAITING_RETURN)
    in_goods = a_ticket(refuse(), REQUEST, of=TicketType.REISSUE)
    goods = ruling_of(in_goods.then(rule_for(Ruling.FOR_BUYER), at=LATER))
    assert (goods.amount, goods.state) == (0, TicketState.AWAITING_REPLACEMENT)
    back = a_ticket(*REFUSED_GOODS, REQUEST).then(rule_for(Ruling.FOR_BUYER), at=LATER)
    assert ruling_of(back).state is TicketState.REFUNDING


def test_the_platform_may_grant_less_and_only_that_is_paid() -> None:
    given = a_ticket(refuse(), REQUEST, of=TicketType.REFUND_ONLY)
    less = given.then(rule_for(Ruling.FOR_BUYER, 300), at=LATER)
    assert (ruling_of(less).amount, ruling_of(less).state) == (300, TicketState.REFUNDING)
    paid = less.then(refund_arrived(), at=LATER)
    assert paid.order.refunds == {"item-1": ItemRefunds(amount=300)}


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (0, RejectionCode.NOTHING_REQUESTED),
        (-1, RejectionCode.NOTHING_REQUESTED),
        (1_001, RejectionCode.AMOUNT_EXCEEDS_REFUNDABLE),
    ],
)
def test_the_platform_grants_something_and_no_more_than_was_asked_for(
    amount: int, code: RejectionCode
) -> None:
    assert code_of(ASKED.ask(rule_for(Ruling.FOR_BUYER, amount), at=LATER)) is code
    accepted(ASKED.ask(rule_for(Ruling.FOR_BUYER, 1_000), at=LATER))


def test_a_final_amount_is_shared_among_the_items_in_proportion() -> None:
    facts = order_facts(
        an_item("scarf", quantity=3, amount_paid=9_000), an_item("hat", amount_paid=1_000)
    )
    wanted = apply_for(
        TicketType.REFUND_ONLY, some("scarf", amount=2_000), some("hat", amount=1_000)
    )
    given = order_with_open_entry(facts).then(wanted, at=APPLIED).then(refuse(), at=APPLIED)
    ruled = given.then(REQUEST, at=APPLIED).then(rule_for(Ruling.FOR_BUYER, 1_000), at=LATER)
    granted = {item.item_id: (item.quantity, item.amount) for item in ruling_of(ruled).items}
    assert granted == {"scarf": (1, 667), "hat": (1, 333)}


def test_goods_may_be_paid_for_instead_up_to_what_was_paid_for_these_units() -> None:
    given = a_ticket(refuse(), REQUEST, of=TicketType.EXCHANGE)
    refused = given.ask(rule_for(Ruling.FOR_BUYER, 5_001), at=LATER)
    assert code_of(refused) is RejectionCode.AMOUNT_EXCEEDS_REFUNDABLE
    ruled = given.then(rule_for(Ruling.FOR_BUYER, 5_000), at=LATER)
    assert (ruling_of(ruled).amount, ruling_of(ruled).state) == (5_000, TicketState.REFUNDING)
    assert ruled.then(refund_arrived(), at=LATER).order.refunded == 5_000


def test_goods_never_shipped_are_paid_for_when_the_merchant_stays_silent() -> None:
    silent = escalated(TicketType.REISSUE, some(quantity=2))
    ruled = ruling_of(silent.once_timers_ran(at=ESCALATED_AT + 7 * DAY))
    assert (ruled.automatic, ruled.state) == (True, TicketState.REFUNDING)
    assert ruled.items == (some(quantity=2, amount=10_000),)


def test_only_what_is_left_is_paid_for_goods_never_shipped() -> None:
    paid = a_ticket(
        agree(), refund_arrived(), of=TicketType.REFUND_ONLY, items=(some(amount=8_000),)
    )
    given = paid.then(apply_for(TicketType.REISSUE), at=LATER)
    silent = given.once_timers_ran(at=LATER + 48 * HOUR + 48 * HOUR + 7 * DAY)
    assert ruling_of(silent).items == (some(amount=2_000),)


def test_where_nothing_is_left_to_pay_the_silent_merchants_ticket_closes() -> None:
    facts = order_facts(an_item("scarf", amount_paid=5_000), an_item("gift", amount_paid=0))
    given = order_with_open_entry(facts).then(
        apply_for(TicketType.REISSUE, some("gift")), at=APPLIED
    )
    silent = given.once_timers_ran(at=APPLIED + 48 * HOUR + 48 * HOUR + 7 * DAY)
    ruled = ruling_of(silent)
    assert (ruled.ruling, ruled.amount) == (Ruling.FOR_BUYER, 0)
    assert (ruled.state, ruled.close_cause) == (
        TicketState.CLOSED,
        CloseCause.NOTHING_LEFT_TO_REFUND,
    )
