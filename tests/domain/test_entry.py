"""The entry: opened for five days, enforced by the instant and not by the timer."""

from datetime import timedelta

import pytest

from app.domain.order.applications import TicketCreated
from app.domain.order.commands import ActOnDeadlines
from app.domain.order.entries import (
    AfterSalesEntryExpired,
    AfterSalesEntryExpiring,
    AfterSalesEntryOpened,
    OpenAfterSalesEntry,
)
from app.domain.order.state import EntryClosed, NeverOpened
from app.domain.order.tickets import TicketType
from app.domain.refunds import CostPreview, FundingSource
from app.domain.rejections import RejectionCode
from tests.support.orders import (
    BUYER,
    CNY,
    CREATED,
    DAY,
    EXPIRES,
    HOUR,
    INSTANT,
    OPENED,
    PERIOD_OVER,
    RECEIVED,
    accepted,
    agree,
    apply_for,
    code_of,
    order_with_open_entry,
    received_order,
    refund_arrived,
    request_refund,
    some,
    withdraw,
)

REMIND = EXPIRES - DAY
EXPIRED_UNUSED = AfterSalesEntryExpired(at=EXPIRES, buyer_id=BUYER, generation=1, used=False)
REMINDED = AfterSalesEntryExpiring(at=REMIND, buyer_id=BUYER, generation=1, expires_at=EXPIRES)


def test_opening_starts_the_first_generation_for_five_times_24_hours() -> None:
    outcome = accepted(received_order().ask(OpenAfterSalesEntry(), at=OPENED))
    (opened,) = outcome.all_events
    assert isinstance(opened, AfterSalesEntryOpened)
    assert (opened.at, opened.generation, opened.buyer_id) == (OPENED, 1, BUYER)
    assert opened.expires_at == OPENED + timedelta(hours=5 * 24)
    assert opened.remind_at == opened.expires_at - timedelta(hours=24)
    entry = order_with_open_entry().open_entry
    assert (entry.used, entry.reminded, entry.opened_at) == (False, False, OPENED)


def test_opening_keeps_the_cost_that_was_acknowledged() -> None:
    refunded = (
        received_order()
        .then(request_refund(some(amount=3_333)), at=RECEIVED + HOUR)
        .then(agree(), at=RECEIVED + HOUR)
        .then(refund_arrived(), at=RECEIVED + DAY)
    )
    (opened,) = accepted(refunded.ask(OpenAfterSalesEntry(), at=OPENED)).events
    assert isinstance(opened, AfterSalesEntryOpened)
    assert opened.acknowledged_cost == CostPreview(
        currency=CNY,
        refundable=6_667,
        source=FundingSource.ESCROW,
        borne=6_667,
        talent_commission_kept=0,
        agency_commission_kept=0,
        service_fee_kept=0,
        shortfall=0,
    )


def test_the_entry_opens_at_the_instant_the_period_ends() -> None:
    given = received_order()
    early = given.ask(OpenAfterSalesEntry(), at=PERIOD_OVER - INSTANT)
    assert code_of(early) is RejectionCode.NOT_ELIGIBLE
    accepted(given.ask(OpenAfterSalesEntry(), at=PERIOD_OVER))


def test_opening_an_open_entry_leaves_it_as_it_is_with_its_own_expiry() -> None:
    given = order_with_open_entry()
    again = accepted(given.ask(OpenAfterSalesEntry(), at=OPENED + 3 * DAY))
    assert again.all_events == ()
    assert given.open_entry.expires_at == EXPIRES


def test_an_open_entry_is_answered_as_open_even_where_it_could_not_be_opened_today() -> None:
    given = received_order().then(OpenAfterSalesEntry(), at=CREATED + 150 * DAY)
    later = given.then(request_refund(), at=CREATED + 151 * DAY)
    assert accepted(later.ask(OpenAfterSalesEntry(), at=CREATED + 152 * DAY)).all_events == ()


def test_the_entry_is_open_until_an_instant_before_its_expiry_and_closed_at_it() -> None:
    given = order_with_open_entry()
    accepted(given.ask(request_refund(), at=EXPIRES - INSTANT))
    assert code_of(given.ask(request_refund(), at=EXPIRES)) is RejectionCode.ENTRY_NOT_OPEN


def test_a_late_timer_cannot_let_a_late_application_in() -> None:
    no_timer_ever_ran = order_with_open_entry()
    late = no_timer_ever_ran.ask(request_refund(), at=EXPIRES + 30 * DAY)
    assert code_of(late) is RejectionCode.ENTRY_NOT_OPEN


def test_without_an_opening_there_is_no_way_in_past_the_period() -> None:
    given = received_order()
    accepted(given.ask(request_refund(), at=PERIOD_OVER - INSTANT))
    assert code_of(given.ask(request_refund(), at=PERIOD_OVER)) is RejectionCode.ENTRY_NOT_OPEN


def test_an_entry_opened_in_time_runs_its_full_five_days_past_the_age_limit() -> None:
    last_day = CREATED + 150 * DAY
    given = received_order().then(OpenAfterSalesEntry(), at=last_day)
    assert given.open_entry.expires_at == last_day + 5 * DAY
    applied = given.then(request_refund(), at=last_day + 5 * DAY - INSTANT)
    assert applied.tickets["order-1-1"].overdue
    closed = given.once_timers_ran(at=last_day + 5 * DAY)
    again = closed.ask(OpenAfterSalesEntry(), at=last_day + 5 * DAY)
    assert code_of(again) is RejectionCode.NOT_ELIGIBLE


def test_expiry_closes_the_entry_and_is_dated_at_the_expiry_however_late_the_timer() -> None:
    given = order_with_open_entry().once_timers_ran(at=REMIND)
    for woke_up_at in (EXPIRES, EXPIRES + INSTANT, EXPIRES + 90 * DAY):
        late = accepted(given.ask(ActOnDeadlines(), at=woke_up_at))
        assert late.all_events == (EXPIRED_UNUSED,)
    early = accepted(given.ask(ActOnDeadlines(), at=EXPIRES - INSTANT))
    assert early.all_events == ()


@pytest.mark.parametrize("ended", [True, False])
def test_the_expiry_says_that_the_entry_was_used_whatever_became_of_the_ticket(
    ended: bool,
) -> None:
    given = order_with_open_entry().then(request_refund(), at=EXPIRES - HOUR)
    if ended:
        given = given.then(withdraw(), at=EXPIRES - HOUR)
    (expired,) = accepted(given.ask(ActOnDeadlines(), at=EXPIRES)).all_events
    assert expired == AfterSalesEntryExpired(at=EXPIRES, buyer_id=BUYER, generation=1, used=True)


def test_a_ticket_created_before_the_expiry_runs_on_after_it() -> None:
    given = order_with_open_entry().then(request_refund(), at=EXPIRES - INSTANT)
    closed = given.once_timers_ran(at=EXPIRES)
    assert closed.order.entry == EntryClosed(generation=1, reopening_requested=False)
    accepted(closed.ask(agree(), at=EXPIRES + DAY))


def test_within_the_five_days_the_consumer_may_apply_and_withdraw_any_number_of_times() -> None:
    given = order_with_open_entry()
    for turn in range(1, 21):
        at = OPENED + turn * HOUR
        ticket_id = f"order-1-{turn}"
        given = given.then(request_refund(), at=at).then(withdraw(ticket_id), at=at)
    assert len(given.tickets) == 20
    assert given.order.applications_in_period == 0


def test_opening_again_is_the_next_generation_with_five_days_of_its_own() -> None:
    given = order_with_open_entry()
    for generation in (2, 3, 4):
        at = OPENED + generation * 10 * DAY
        (*_, opened) = accepted(given.ask(OpenAfterSalesEntry(), at=at)).all_events
        assert isinstance(opened, AfterSalesEntryOpened)
        assert (opened.generation, opened.expires_at) == (generation, at + 5 * DAY)
        given = given.then(OpenAfterSalesEntry(), at=at)
    assert (given.open_entry.used, given.open_entry.reminded) == (False, False)


def test_opening_at_the_very_expiry_first_closes_the_old_generation() -> None:
    given = order_with_open_entry().once_timers_ran(at=REMIND)
    outcome = accepted(given.ask(OpenAfterSalesEntry(), at=EXPIRES))
    assert outcome.fell_due == (EXPIRED_UNUSED,)
    (opened,) = outcome.events
    assert isinstance(opened, AfterSalesEntryOpened)
    assert opened.generation == 2


def test_a_ticket_names_the_generation_it_came_through() -> None:
    second = order_with_open_entry().then(OpenAfterSalesEntry(), at=EXPIRES + DAY)
    (created,) = accepted(second.ask(apply_for(TicketType.REPAIR), at=EXPIRES + 2 * DAY)).events
    assert isinstance(created, TicketCreated)
    assert (created.overdue, created.entry_generation) == (True, 2)


def test_an_unused_entry_is_reminded_of_24_hours_before_it_closes_and_only_once() -> None:
    given = order_with_open_entry()
    assert accepted(given.ask(ActOnDeadlines(), at=REMIND - INSTANT)).all_events == ()
    assert accepted(given.ask(ActOnDeadlines(), at=REMIND)).all_events == (REMINDED,)
    reminded = given.once_timers_ran(at=REMIND)
    for at in (REMIND, REMIND + HOUR, EXPIRES - INSTANT):
        assert accepted(reminded.ask(ActOnDeadlines(), at=at)).all_events == ()


def test_a_reminder_that_comes_late_is_dated_when_it_was_due() -> None:
    given = order_with_open_entry()
    for woke_up_at in (REMIND + INSTANT, EXPIRES - INSTANT):
        assert accepted(given.ask(ActOnDeadlines(), at=woke_up_at)).all_events == (REMINDED,)


def test_a_used_entry_is_not_reminded_of() -> None:
    given = order_with_open_entry().then(request_refund(), at=REMIND - INSTANT)
    withdrawn = given.then(withdraw(), at=REMIND - INSTANT)
    assert accepted(withdrawn.ask(ActOnDeadlines(), at=REMIND)).all_events == ()


def test_an_application_at_the_instant_of_the_reminder_comes_after_it() -> None:
    outcome = accepted(order_with_open_entry().ask(request_refund(), at=REMIND))
    assert outcome.fell_due == (REMINDED,)


def test_a_timer_that_missed_the_reminder_reminds_first_and_after_the_expiry_nobody_does() -> None:
    given = order_with_open_entry()
    reminder, expired = accepted(given.ask(ActOnDeadlines(), at=EXPIRES)).all_events
    assert isinstance(reminder, AfterSalesEntryExpiring)
    assert (reminder.at, expired) == (REMIND, EXPIRED_UNUSED)
    closed = given.once_timers_ran(at=EXPIRES)
    assert accepted(closed.ask(ActOnDeadlines(), at=EXPIRES + DAY)).all_events == ()


def test_every_generation_has_a_reminder_of_its_own() -> None:
    reopened_at = EXPIRES + DAY
    given = order_with_open_entry().once_timers_ran(at=REMIND)
    again = given.then(OpenAfterSalesEntry(), at=reopened_at)
    (reminder,) = accepted(again.ask(ActOnDeadlines(), at=reopened_at + 4 * DAY)).all_events
    assert isinstance(reminder, AfterSalesEntryExpiring)
    assert (reminder.generation, reminder.at) == (2, reopened_at + 4 * DAY)


def test_an_order_never_opened_has_no_deadlines() -> None:
    given = received_order()
    assert given.order.entry == NeverOpened()
    assert accepted(given.ask(ActOnDeadlines(), at=OPENED + 300 * DAY)).all_events == ()
