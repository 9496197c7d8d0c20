"""What an order's events make of what people see."""

from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from app.domain.order.entries import (
    DeclineEntryReopening,
    OpenAfterSalesEntry,
    RequestEntryReopening,
)
from app.domain.order.events import OrderEvent
from app.domain.order.evolve import fold
from app.domain.order.state import EntryClosed, EntryOpen, NeverOpened, Order, Unregistered
from app.domain.order.tickets import CloseCause, TicketState, TicketType
from app.domain.reasons import DeclineReason, RejectReason
from app.projections.orders.fold import fold_history, fold_tail
from app.projections.orders.view import EntryState, OrderView
from tests.domain.search_depth import bounded
from tests.projections.random_histories import histories, recorded
from tests.support.orders import (
    DAY,
    EXPIRES,
    FIRST_TICKET,
    HOUR,
    INSTANT,
    OPENED,
    ORDER,
    SHOP,
    History,
    a_photo,
    agree,
    order_with_open_entry,
    order_with_ticket,
    refund_arrived,
    refuse,
    request_refund,
    withdraw,
)


def view_of(history: History) -> OrderView:
    """Return what people see of a history."""
    return fold_history(recorded(history.events))


@given(histories())
@bounded(examples=150)
def test_people_see_what_the_rules_see(events: tuple[OrderEvent, ...]) -> None:
    order = fold(Unregistered(), events)
    view = fold_history(recorded(events))
    assert isinstance(order, Order)
    assert view.facts == order.facts
    assert (view.version, view.updated_at) == (order.version, order.updated_at)
    assert view.refunded_amount == order.refunded
    seen = {t.ticket_id: (t.state, t.due, t.version, t.overdue) for t in view.tickets}
    assert seen == {
        t.ticket_id: (t.state, t.due, t.version, t.overdue) for t in order.tickets.values()
    }
    match order.entry:
        case NeverOpened():
            assert view.entry.state is EntryState.NEVER_OPENED
        case EntryOpen() as entry:
            assert view.entry.state is EntryState.OPEN
            assert view.entry.used == entry.used
            assert view.entry.expires_at == entry.expires_at
            assert (view.entry.reminded_at is not None) == entry.reminded
        case EntryClosed() as entry:
            assert view.entry.state is EntryState.CLOSED
            assert (view.entry.reopening is not None) == entry.reopening_requested


@given(histories(), st.integers(0, 40))
@bounded(examples=100)
def test_a_tail_folded_on_a_kept_view_gives_what_the_whole_history_gives(
    events: tuple[OrderEvent, ...], seen: int
) -> None:
    history = recorded(events)
    kept = fold_tail(None, history[:seen])
    assert fold_tail(kept, history[seen:]) == fold_history(history)
    assert fold_tail(kept, history) == fold_history(history), "what was seen already adds nothing"


@given(histories())
@bounded(examples=100)
def test_a_view_comes_back_from_its_stored_form_unchanged(events: tuple[OrderEvent, ...]) -> None:
    view = fold_history(recorded(events))
    adapter = TypeAdapter(OrderView)
    assert adapter.validate_json(adapter.dump_json(view)) == view


def test_an_open_entry_past_its_expiry_is_closed_though_no_timer_has_fired() -> None:
    entry = view_of(order_with_open_entry()).entry
    assert entry.state is EntryState.OPEN
    assert entry.state_at(EXPIRES - INSTANT) is EntryState.OPEN
    assert entry.state_at(EXPIRES) is EntryState.CLOSED


def test_the_entry_tells_of_its_reminder_its_end_and_what_was_asked_and_answered_since() -> None:
    asked_at, declined_at = EXPIRES + HOUR, EXPIRES + 2 * HOUR
    asked = (
        order_with_open_entry()
        .once_timers_ran(at=EXPIRES - HOUR)
        .then(RequestEntryReopening(note="还想退"), at=asked_at)
    )
    entry = view_of(asked).entry
    assert (entry.reminded_at, entry.closed_at) == (EXPIRES - DAY, EXPIRES)
    assert entry.reopening is not None
    assert (entry.reopening.requested_at, entry.reopening.note) == (asked_at, "还想退")
    decline = DeclineEntryReopening(reason=DeclineReason.OTHER, note="no")
    declined = asked.then(decline, at=declined_at)
    entry = view_of(declined).entry
    assert entry.reopening is None
    assert entry.declined is not None
    assert (entry.declined.at, entry.declined.reason) == (declined_at, DeclineReason.OTHER)
    opened = view_of(declined.then(OpenAfterSalesEntry(), at=declined_at + HOUR)).entry
    assert (opened.state, opened.generation) == (EntryState.OPEN, 2)
    assert (opened.declined, opened.closed_at, opened.reminded_at) == (None, None, None)


def test_a_ticket_tells_where_it_belongs_and_through_which_opening_it_came() -> None:
    ticket = view_of(order_with_ticket()).tickets[0]
    assert (ticket.ticket_id, ticket.order_id, ticket.shop_id) == (FIRST_TICKET, ORDER, SHOP)
    assert (ticket.overdue, ticket.entry_generation) == (True, 1)
    assert (ticket.created_at, ticket.updated_at, ticket.version) == (
        OPENED + HOUR,
        OPENED + HOUR,
        5,
    )


def test_a_rejected_ticket_tells_why_and_on_what_evidence() -> None:
    given_ticket = order_with_ticket().then(refuse(), at=OPENED + 2 * HOUR)
    ticket = view_of(given_ticket).tickets[0]
    assert ticket.rejected is not None
    assert ticket.rejected.reason is RejectReason.NO_EVIDENCE
    assert ticket.rejected.evidence == (a_photo(),)
    assert ticket.rejected.at == OPENED + 2 * HOUR


def test_a_ticket_tells_whether_the_merchant_or_the_clock_agreed() -> None:
    by_hand = view_of(order_with_ticket().then(agree(), at=OPENED + 2 * HOUR)).tickets[0]
    assert (by_hand.agreed_at, by_hand.agreed_automatically) == (OPENED + 2 * HOUR, False)
    by_clock = view_of(order_with_ticket().once_timers_ran(at=OPENED + 3 * DAY)).tickets[0]
    assert (by_clock.agreed_at, by_clock.agreed_automatically) == (OPENED + HOUR + 2 * DAY, True)


def test_a_refund_counts_on_its_ticket_and_on_the_order() -> None:
    refunded = (
        order_with_ticket()
        .then(agree(), at=OPENED + 2 * HOUR)
        .then(refund_arrived(), at=OPENED + 3 * HOUR)
    )
    view = view_of(refunded)
    assert view.tickets[0].refunded_amount == view.refunded_amount == 1_000
    assert view.tickets[0].refunded_at == OPENED + 3 * HOUR


def test_the_current_ticket_is_the_active_one_or_else_the_latest() -> None:
    withdrawn = order_with_ticket(TicketType.EXCHANGE).then(withdraw(), at=OPENED + 2 * HOUR)
    first = view_of(withdrawn).current_ticket
    assert first is not None
    assert (first.state, first.close_cause) == (TicketState.CLOSED, CloseCause.WITHDRAWN)
    again = view_of(withdrawn.then(request_refund(), at=OPENED + 3 * HOUR))
    assert again.current_ticket == again.ticket(f"{ORDER}-2")
    assert [ticket.active for ticket in again.tickets] == [False, True]
