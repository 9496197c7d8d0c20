"""Whoever has to act is reminded once of each deadline, before it acts."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.domain.order.applications import TicketDueReminded
from app.domain.order.arbitration import RequestArbitration
from app.domain.order.commands import TicketDecision
from app.domain.order.events import OrderEvent
from app.domain.order.replacements import ShipReplacement
from app.domain.order.returns import ExtendReturnDeadline, RejectReturnedGoods
from app.domain.order.tickets import DueAction, Side, TicketState, TicketType, concerned_by
from tests.domain.ticket_samples import APPLIED, SAMPLES, a_ticket, modify, ship_back, the_ticket
from tests.support.orders import DAY, FIRST_TICKET, HOUR, INSTANT, History, agree, refuse

LIVES: list[tuple[TicketType, tuple[TicketDecision, ...], Side, timedelta]] = [
    (TicketType.EXCHANGE, (), Side.MERCHANT, 12 * HOUR),
    (TicketType.EXCHANGE, (agree(),), Side.CONSUMER, DAY),
    (TicketType.EXCHANGE, (agree(), ship_back()), Side.MERCHANT, DAY),
    (TicketType.REISSUE, (agree(),), Side.MERCHANT, 12 * HOUR),
    (TicketType.REISSUE, (agree(), SAMPLES[ShipReplacement]), Side.CONSUMER, DAY),
    (TicketType.REPAIR, (refuse(),), Side.CONSUMER, DAY),
    (
        TicketType.REPAIR,
        (agree(), ship_back(), SAMPLES[RejectReturnedGoods]),
        Side.CONSUMER,
        DAY,
    ),
    (TicketType.REPAIR, (refuse(), SAMPLES[RequestArbitration]), Side.MERCHANT, DAY),
]


def reminders(given: History) -> list[TicketDueReminded]:
    """Return the reminders of a history."""
    return [event for event in given.events if isinstance(event, TicketDueReminded)]


@pytest.mark.parametrize(("of", "way", "side", "before"), LIVES)
def test_the_side_concerned_is_reminded_in_time_and_not_an_instant_sooner(
    of: TicketType, way: tuple[TicketDecision, ...], side: Side, before: timedelta
) -> None:
    given = a_ticket(*way, of=of)
    due = the_ticket(given).due
    assert due is not None
    remind_at = due.at - before
    assert reminders(given.once_timers_ran(at=remind_at - INSTANT)) == []
    (reminder,) = reminders(given.once_timers_ran(at=remind_at))
    assert reminder == TicketDueReminded(
        at=remind_at,
        ticket_id=FIRST_TICKET,
        buyer_id="buyer-1",
        side=side,
        state=the_ticket(given).state,
        due=due,
    )
    assert reminders(given.once_timers_ran(at=due.at - INSTANT)) == [reminder]


def test_every_state_that_falls_due_has_its_reminder_here() -> None:
    states = {the_ticket(a_ticket(*way, of=of)).state for of, way, _, _ in LIVES}
    waiting = {state for state in TicketState if state not in STILL}
    assert states == waiting


STILL = {
    TicketState.REFUNDING,
    TicketState.SUCCEEDED,
    TicketState.COMPLETED,
    TicketState.CLOSED,
}


def test_a_reminder_does_not_change_the_ticket() -> None:
    given = a_ticket()
    reminded = given.once_timers_ran(at=APPLIED + 40 * HOUR)
    before, after = the_ticket(given), the_ticket(reminded)
    assert (after.state, after.due, after.version) == (before.state, before.due, before.version)
    assert (before.reminded, after.reminded) == (False, True)


def test_whoever_acts_before_the_reminder_is_not_reminded() -> None:
    given = a_ticket().then(refuse(), at=APPLIED + 36 * HOUR - INSTANT)
    assert reminders(given.once_timers_ran(at=APPLIED + 3 * DAY)) == []


def test_a_decision_at_the_very_instant_of_the_reminder_comes_after_it() -> None:
    given = a_ticket().then(refuse(), at=APPLIED + 36 * HOUR)
    assert [type(event).__name__ for event in given.events[-2:]] == [
        "TicketDueReminded",
        "ApplicationRejected",
    ]


def test_a_new_deadline_is_reminded_of_anew() -> None:
    first = a_ticket().once_timers_ran(at=APPLIED + 37 * HOUR)
    changed = first.then(modify(TicketType.EXCHANGE), at=APPLIED + 38 * HOUR)
    assert not the_ticket(changed).reminded
    late = changed.once_timers_ran(at=APPLIED + 86 * HOUR - INSTANT)
    assert [reminder.at for reminder in reminders(late)] == [
        APPLIED + 36 * HOUR,
        APPLIED + 74 * HOUR,
    ]


def test_more_time_for_the_return_means_another_reminder() -> None:
    given = a_ticket(agree())
    reminded = given.once_timers_ran(at=APPLIED + HOUR + 6 * DAY)
    more = reminded.then(ExtendReturnDeadline(ticket_id=FIRST_TICKET, days=3), at=APPLIED + 7 * DAY)
    ends = APPLIED + HOUR + 10 * DAY
    assert [r.at for r in reminders(more.once_timers_ran(at=ends - INSTANT))] == [
        APPLIED + HOUR + 6 * DAY,
        ends - DAY,
    ]


def test_a_worker_away_for_months_still_reminds_before_each_deadline_acts_once_each() -> None:
    for of in TicketType:
        away = a_ticket(of=of).once_timers_ran(at=APPLIED + 100 * DAY)
        now_and_then = a_ticket(of=of)
        for day in range(101):
            now_and_then = now_and_then.once_timers_ran(at=APPLIED + day * DAY)
        assert away.events == now_and_then.events
        assert list(acts_after_reminder(away.events)) == [True] * len(reminders(away))


def acts_after_reminder(events: tuple[OrderEvent, ...]) -> Iterator[bool]:
    """Tell of each reminder whether what it was about came later, at its own instant."""
    for number, event in enumerate(events):
        if isinstance(event, TicketDueReminded):
            acts = [
                later.at
                for later in events[number + 1 :]
                if getattr(later, "ticket_id", None) == event.ticket_id
            ]
            yield acts[0] == event.due.at > event.at


def test_each_thing_that_happens_by_itself_concerns_one_of_the_two_sides() -> None:
    assert {action.value: concerned_by(action).value for action in DueAction} == {
        "agree": "merchant",
        "close": "consumer",
        "confirm_return": "merchant",
        "escalate": "merchant",
        "complete": "consumer",
        "rule_for_buyer": "merchant",
    }
