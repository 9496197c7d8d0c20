"""`evolve` is total: whatever history comes in, in whatever order, there is a state after it."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from app.domain.order.applications import TicketCreated
from app.domain.order.events import OrderEvent
from app.domain.order.evolve import evolve, fold
from app.domain.order.registration import OrderRegistered, OrderSettled
from app.domain.order.state import EntryOpen, Order, Unregistered
from app.domain.order.tickets import Due, DueAction, RequestedItem
from app.domain.refunds import Shares
from tests.domain.search_depth import bounded
from tests.support.orders import (
    EXPIRES,
    HOUR,
    OPENED,
    an_item,
    order_facts,
    order_with_open_entry,
    order_with_ticket,
    received_order,
    refund_arrived,
    withdraw,
)

INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2022, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ITEM_IDS = st.sampled_from(["item-1", "item-2"])
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "at": INSTANTS,
    "ticket_id": st.sampled_from(["order-1-1", "order-1-2"]),
    "items": st.lists(st.builds(RequestedItem, item_id=ITEM_IDS), max_size=2).map(tuple),
    "due": st.none()
    | st.builds(
        Due, at=INSTANTS, action=st.sampled_from(DueAction), remind_at=st.none() | INSTANTS
    ),
    "facts": st.sampled_from([order_facts(), order_facts(an_item("item-2", amount_paid=0))]),
    "generation": st.integers(0, 3),
    "buyer_id": st.just("buyer-1"),
}
"""Few ids, so that events meet each other; the rest of each event is anything its types allow."""


def any_event_of(cls: type[OrderEvent]) -> st.SearchStrategy[OrderEvent]:
    """Generate events of a class."""
    known = {field.name: FIELDS[field.name] for field in fields(cls) if field.name in FIELDS}
    return st.builds(cls, **known)


EVENTS = st.one_of([any_event_of(cls) for cls in get_args(OrderEvent)])
HISTORIES = st.lists(EVENTS, max_size=30)


@bounded(examples=100)
@given(HISTORIES)
def test_any_events_in_any_order_can_be_folded_and_counted(events: list[OrderEvent]) -> None:
    state = fold(Unregistered(), events)
    assert state.version == len(events)
    registered = any(isinstance(event, OrderRegistered) for event in events)
    assert isinstance(state, Order) is registered
    if isinstance(state, Order):
        assert state.updated_at == events[-1].at
        assert state.refundable == state.facts.payment.amount.amount - state.refunded
        assert state.active_ticket is None or state.active_ticket.active


@bounded(examples=40)
@given(HISTORIES, st.integers(0, 30))
def test_folding_in_two_parts_is_folding_at_once(events: list[OrderEvent], cut: int) -> None:
    parts = fold(fold(Unregistered(), events[:cut]), events[cut:])
    assert parts == fold(Unregistered(), events)


@bounded(examples=40)
@given(HISTORIES)
def test_a_state_already_reached_is_never_changed_by_what_follows(
    events: list[OrderEvent],
) -> None:
    before = order_with_ticket().order
    kept = repr(before)
    fold(before, events)
    assert repr(before) == kept


def test_events_about_what_is_not_there_only_count() -> None:
    reminder = order_with_open_entry().once_timers_ran(at=EXPIRES - HOUR).events[-1]
    closing = order_with_ticket().then(withdraw(), at=OPENED + HOUR).events[-1]
    nothing_there = received_order().order
    for event in (reminder, closing):
        after = evolve(nothing_there, event)
        assert after == replace(nothing_there, version=after.version, updated_at=event.at)
        assert after.version == nothing_there.version + 1


def test_only_an_application_through_the_entry_uses_it() -> None:
    applied = order_with_ticket().events[-1]
    assert isinstance(applied, TicketCreated)
    opened = order_with_open_entry()
    assert opened.and_events(applied).open_entry.used
    in_period = opened.and_events(replace(applied, overdue=False, entry_generation=None))
    assert not in_period.open_entry.used
    assert in_period.order.applications_in_period == 1


def test_before_registration_events_only_count() -> None:
    later = order_with_ticket().events[1:]
    assert fold(Unregistered(), later) == Unregistered(version=len(later))


def test_a_ticket_carries_the_stream_version_of_its_last_change_and_a_reminder_is_none() -> None:
    given_ticket = order_with_ticket()
    created_at_version = len(given_ticket.events)
    assert given_ticket.tickets["order-1-1"].version == created_at_version
    reminded = given_ticket.once_timers_ran(at=OPENED + 37 * HOUR)
    assert reminded.order.version == created_at_version + 1
    assert reminded.tickets["order-1-1"].version == created_at_version
    expired = given_ticket.once_timers_ran(at=EXPIRES)
    assert not isinstance(expired.order.entry, EntryOpen)
    ticket = expired.tickets["order-1-1"]
    assert (ticket.version, expired.order.version) == (created_at_version + 2, len(expired.events))
    paid = expired.then(refund_arrived(), at=EXPIRES)
    assert paid.tickets["order-1-1"].version == paid.order.version


def test_a_settlement_is_folded_with_the_shares_it_was_recorded_with() -> None:
    order = received_order().order
    recorded = Shares(shop=1, talent=2, agency=3, service_fee=4)
    settled = evolve(order, OrderSettled(at=OPENED, settled_at=OPENED, shares=recorded))
    assert isinstance(settled, Order)
    assert settled.settled_shares == recorded
