"""What must hold of an order at every moment, whatever was asked of it."""

from collections.abc import Sequence

from app.domain.order.events import OrderEvent
from app.domain.order.evolve import evolve
from app.domain.order.state import Order, OrderState, Unregistered
from app.projections.orders.fold import fold_order
from tests.domain.compared_order import ComparedOrder, registered
from tests.domain.history_invariants import (
    check_deadlines_act_once_at_their_instants,
    check_final_states_are_final,
    check_nobody_got_in_outside_their_window,
)
from tests.domain.order_summary import (
    as_far_as,
    expected_summary,
    summary,
    summary_of_view,
)
from tests.domain.pools import ITEMS
from tests.projections.random_histories import recorded

PAID = sum(paid for _, paid in ITEMS.values())


def check_state(compared: ComparedOrder) -> None:
    """Domain and oracle agree; one ticket is active at most; nothing is refunded twice."""
    order = compared.order
    assert summary(order) == expected_summary(compared.expected)
    assert order.version == len(compared.events)
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
        order, shown = registered(state), summary_of_view(view)
        assert as_far_as(shown, summary(order)) == shown
        assert view.refunded_amount == order.refunded
