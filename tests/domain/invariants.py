"""What must hold of an order at every moment, whatever was asked of it."""

from collections.abc import Sequence

from app.domain.order.events import OrderEvent
from app.domain.order.evolve import evolve
from app.domain.order.state import Order, OrderState, Unregistered
from app.projections.orders.fold import fold_order
from tests.domain.compare_rules import BothTellings, registered
from tests.domain.history_invariants import (
    check_deadlines_act_once_at_their_instants,
    check_final_states_are_final,
    check_nobody_got_in_outside_their_window,
)
from tests.domain.plain_view import as_far_as, described, described_view
from tests.domain.pools import ITEMS
from tests.projections.random_histories import recorded

PAID = sum(paid for _, paid in ITEMS.values())


def check_state(both: BothTellings) -> None:
    """Both tell the same; one ticket is active at most; nothing is refunded twice."""
    order = both.order
    assert described(order) == both.plain.described()
    assert order.version == len(both.events)
    assert sum(ticket.active for ticket in order.tickets.values()) <= 1
    check_no_more_is_refunded_than_was_paid(order)


def check_no_more_is_refunded_than_was_paid(order: Order) -> None:
    """Neither for the order nor for an item, nor more units back than were bought."""
    assert order.refunded + order.refundable == PAID
    assert order.refundable >= 0
    for item_id, done in order.refunds.items():
        units, paid = ITEMS[item_id]
        assert 0 <= done.amount <= paid
        assert 0 <= done.quantity_returned <= units


def check_history(events: Sequence[OrderEvent]) -> None:
    """The events are in the order of time and follow from each other."""
    instants = [event.at for event in events]
    assert instants == sorted(instants)
    check_final_states_are_final(events)
    check_nobody_got_in_outside_their_window(events)
    check_deadlines_act_once_at_their_instants(events)


def check_people_are_shown_the_same(events: Sequence[OrderEvent]) -> None:
    """What is shown after each event is what the rules made of it."""
    state: OrderState = Unregistered()
    view = None
    for line in recorded(events):
        state = evolve(state, line.event)
        view = fold_order(view, line)
        assert view is not None
        order, shown = registered(state), described_view(view)
        assert as_far_as(shown, described(order)) == shown
        assert view.refunded_amount == order.refunded
