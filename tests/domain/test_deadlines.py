"""What happens by itself: at its own instant, once, in order, however late anybody looks."""

from datetime import datetime

import pytest

from app.domain.order.answers import ApplicationAgreed
from app.domain.order.applications import TicketClosed, TicketDueReminded
from app.domain.order.commands import ActOnDeadlines, OrderCommand
from app.domain.order.decide import decide_current, due_events
from app.domain.order.entries import (
    AfterSalesEntryExpired,
    AfterSalesEntryExpiring,
    AfterSalesEntryOpened,
    OpenAfterSalesEntry,
    RequestEntryReopening,
)
from app.domain.order.registration import OrderSettled, RecordSettlement
from app.domain.order.tickets import CloseCause, Due, DueAction, Side, TicketState, TicketType
from app.domain.policy import POLICY
from app.domain.rejections import Rejection, RejectionCode
from tests.support.orders import (
    BUYER,
    DAY,
    EXPIRES,
    FIRST_TICKET,
    HOUR,
    INSTANT,
    OPENED,
    History,
    accepted,
    agree,
    code_of,
    order_with_open_entry,
    order_with_ticket,
    received_order,
    refusal_of,
    refuse,
    request_refund,
    withdraw,
)

APPLIED = OPENED + HOUR
ANSWER_BY = APPLIED + 48 * HOUR
RETURN_BY = ANSWER_BY + 7 * DAY
RETURNING = order_with_ticket(TicketType.RETURN_AND_REFUND, applied_at=APPLIED)

ANSWER = Due(at=ANSWER_BY, action=DueAction.AGREE, remind_at=ANSWER_BY - 12 * HOUR)
RETURN = Due(at=RETURN_BY, action=DueAction.CLOSE, remind_at=RETURN_BY - DAY)
MERCHANT_REMINDED = TicketDueReminded(
    at=ANSWER_BY - 12 * HOUR,
    ticket_id=FIRST_TICKET,
    buyer_id=BUYER,
    side=Side.MERCHANT,
    state=TicketState.PENDING_MERCHANT,
    due=ANSWER,
)
AGREED = ApplicationAgreed(
    at=ANSWER_BY,
    ticket_id=FIRST_TICKET,
    buyer_id=BUYER,
    automatic=True,
    without_return=False,
    rule=None,
    acknowledged_cost=None,
    state=TicketState.AWAITING_RETURN,
    due=RETURN,
)
EXPIRED = AfterSalesEntryExpired(at=EXPIRES, buyer_id=BUYER, generation=1, used=True)
BUYER_REMINDED = TicketDueReminded(
    at=RETURN_BY - DAY,
    ticket_id=FIRST_TICKET,
    buyer_id=BUYER,
    side=Side.CONSUMER,
    state=TicketState.AWAITING_RETURN,
    due=RETURN,
)
NOT_RETURNED = TicketClosed(
    at=RETURN_BY,
    ticket_id=FIRST_TICKET,
    buyer_id=BUYER,
    cause=CloseCause.NOT_RETURNED_IN_TIME,
    state=TicketState.CLOSED,
    due=None,
)

ALL_OF_IT = (MERCHANT_REMINDED, AGREED, EXPIRED, BUYER_REMINDED, NOT_RETURNED)


def happened(given: History, *, at: datetime) -> tuple[object, ...]:
    """Return what a timer that wakes up at an instant lets happen."""
    return accepted(given.ask(ActOnDeadlines(), at=at)).all_events


def test_silence_of_48_hours_is_agreement_and_an_instant_less_is_not() -> None:
    assert happened(RETURNING, at=ANSWER_BY - INSTANT) == (MERCHANT_REMINDED,)
    assert happened(RETURNING, at=ANSWER_BY) == (MERCHANT_REMINDED, AGREED)
    assert happened(RETURNING, at=ANSWER_BY + DAY) == (MERCHANT_REMINDED, AGREED)


def test_goods_not_sent_back_within_seven_days_close_the_ticket() -> None:
    agreed = RETURNING.once_timers_ran(at=EXPIRES)
    assert happened(agreed, at=RETURN_BY - INSTANT) == (BUYER_REMINDED,)
    assert happened(agreed, at=RETURN_BY) == (BUYER_REMINDED, NOT_RETURNED)


def test_a_rejection_nobody_contests_closes_the_ticket_after_seven_days() -> None:
    rejected = RETURNING.then(refuse(), at=APPLIED + DAY).once_timers_ran(at=EXPIRES)
    closes_at = APPLIED + 8 * DAY
    (reminded,) = happened(rejected, at=closes_at - INSTANT)
    assert isinstance(reminded, TicketDueReminded)
    assert (reminded.at, reminded.side) == (closes_at - DAY, Side.CONSUMER)
    (_, closed) = happened(rejected, at=closes_at)
    assert isinstance(closed, TicketClosed)
    assert (closed.at, closed.cause) == (closes_at, CloseCause.REJECTION_NOT_CONTESTED)


@pytest.mark.parametrize("woke_up_at", [RETURN_BY, RETURN_BY + INSTANT, RETURN_BY + 60 * DAY])
def test_after_weeks_without_a_worker_everything_happened_once_in_order_at_its_own_instant(
    woke_up_at: datetime,
) -> None:
    assert happened(RETURNING, at=woke_up_at) == ALL_OF_IT
    assert happened(RETURNING.once_timers_ran(at=woke_up_at), at=woke_up_at + 60 * DAY) == ()


def test_a_timer_that_wakes_up_every_hour_leaves_the_same_history_as_one_that_came_late() -> None:
    hourly = RETURNING
    for hour in range(24 * 20):
        hourly = hourly.once_timers_ran(at=APPLIED + hour * HOUR)
    assert hourly.events == RETURNING.once_timers_ran(at=APPLIED + 20 * DAY).events


def test_two_timers_waking_up_together_do_not_do_it_twice() -> None:
    assert happened(RETURNING.once_timers_ran(at=RETURN_BY), at=RETURN_BY) == ()


def test_the_instants_in_a_history_never_go_back() -> None:
    instants = [event.at for event in RETURNING.once_timers_ran(at=RETURN_BY + 9 * DAY).events]
    assert instants == sorted(instants)


@pytest.mark.parametrize(
    ("decision", "last_chance", "too_late"),
    [
        (refuse(), ANSWER_BY, RejectionCode.ALREADY_DECIDED),
        (agree(), ANSWER_BY, RejectionCode.ALREADY_DECIDED),
        (withdraw(), RETURN_BY, RejectionCode.TICKET_FINAL),
    ],
)
def test_a_decision_is_taken_until_the_deadline_and_refused_at_it(
    decision: OrderCommand, last_chance: datetime, too_late: RejectionCode
) -> None:
    accepted(RETURNING.ask(decision, at=last_chance - INSTANT))
    assert code_of(RETURNING.ask(decision, at=last_chance)) is too_late
    long_after = RETURNING.ask(decision, at=last_chance + 30 * DAY)
    assert code_of(long_after) is RejectionCode.TICKET_FINAL


def test_a_late_decision_is_told_where_the_ticket_had_got_to_by_then() -> None:
    after_agreement = refusal_of(RETURNING.ask(refuse(), at=ANSWER_BY))
    assert after_agreement.facts["state"] == "awaiting_return"
    after_closing = refusal_of(RETURNING.ask(refuse(), at=RETURN_BY))
    assert after_closing.facts["state"] == "closed"


def test_any_accepted_command_first_lets_happen_what_fell_due() -> None:
    settled = RecordSettlement(settled_at=OPENED)
    outcome = accepted(RETURNING.ask(settled, at=RETURN_BY))
    assert outcome.fell_due == ALL_OF_IT
    assert [event.at for event in outcome.events] == [RETURN_BY]
    assert outcome.all_events == outcome.fell_due + outcome.events


def test_a_ticket_whose_deadline_passed_unseen_no_longer_stands_in_the_way() -> None:
    reopened = accepted(RETURNING.ask(OpenAfterSalesEntry(), at=RETURN_BY))
    assert reopened.fell_due == ALL_OF_IT
    (opened,) = reopened.events
    assert isinstance(opened, AfterSalesEntryOpened)
    assert opened.generation == 2


def test_deadlines_of_ticket_and_entry_interleave_by_their_instants() -> None:
    given = order_with_open_entry().then(request_refund(), at=EXPIRES - 48 * HOUR)
    (_, *both_at_once) = happened(given, at=EXPIRES)
    assert [type(event) for event in both_at_once] == [ApplicationAgreed, AfterSalesEntryExpired]
    late = order_with_open_entry().then(request_refund(), at=EXPIRES - 2 * HOUR)
    (reminded, *_) = late.events[-2:]
    assert isinstance(reminded, AfterSalesEntryExpiring)
    after_expiry = happened(late, at=EXPIRES + 30 * DAY)
    assert [type(event) for event in after_expiry] == [
        AfterSalesEntryExpired,
        TicketDueReminded,
        ApplicationAgreed,
    ]


def test_a_ticket_in_the_period_has_the_same_deadlines() -> None:
    given = received_order().then(request_refund(), at=OPENED - 9 * DAY)
    (_, agreed) = happened(given, at=OPENED)
    assert isinstance(agreed, ApplicationAgreed)
    assert (agreed.at, agreed.automatic) == (OPENED - 7 * DAY, True)


def test_where_nobody_has_to_act_nothing_falls_due() -> None:
    refunding = order_with_ticket().then(agree(), at=APPLIED).once_timers_ran(at=EXPIRES)
    assert happened(refunding, at=EXPIRES + 400 * DAY) == ()


def test_a_clock_behind_the_last_event_stands_at_it() -> None:
    given = order_with_open_entry()
    (created,) = accepted(given.ask(request_refund(), at=OPENED - 3 * DAY)).all_events
    assert created.at == OPENED


def test_a_clock_put_back_does_not_open_a_closed_entry() -> None:
    closed = order_with_open_entry().once_timers_ran(at=EXPIRES)
    put_back = closed.ask(request_refund(), at=EXPIRES - DAY)
    assert code_of(put_back) is RejectionCode.ENTRY_NOT_OPEN
    asked = accepted(closed.ask(RequestEntryReopening(note=None), at=EXPIRES - DAY))
    assert [event.at for event in asked.all_events] == [EXPIRES]


def test_a_command_decided_on_the_current_state_repeats_nothing_that_fell_due() -> None:
    order = RETURNING.order
    assert due_events(order, RETURN_BY, POLICY) == ALL_OF_IT
    decided = decide_current(RecordSettlement(settled_at=OPENED), order, RETURN_BY, POLICY)
    assert not isinstance(decided, Rejection)
    assert [type(event) for event in decided] == [OrderSettled]
