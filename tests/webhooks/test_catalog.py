"""What is published of each event: its type, its data, and nothing private."""

import json
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from app.domain.funds.events import FundsEvent
from app.domain.order.arbitration import ArbitrationRuled
from app.domain.order.replacements import ConfirmReplacementReceipt, ShipReplacement
from app.domain.order.tickets import (
    Ruling,
    TicketState,
    TicketType,
)
from app.domain.webhook_endpoints import WebhookEndpointEvent
from app.event_types.registry import ServiceEvent, event_codec
from app.projections.orders.fold import fold_history
from app.projections.orders.view import OrderView
from app.reactions.public_types import EventType
from app.reactions.table import reaction_to
from app.webhooks.catalog.document import data_model
from app.webhooks.catalog.payloads import (
    TicketEventData,
)
from app.webhooks.catalog.publisher import (
    Announcement,
    of_order_event,
    of_shop_event,
    ticket_types,
)
from tests.domain.ticket_samples import (
    ASKED,
    ASKED_AT,
    REFUSED_GOODS,
    REQUEST,
    SAMPLES,
    a_ticket,
    goods_there,
    rule_for,
    ship_back,
)
from tests.event_types.test_stored_events import SAMPLES as STORED
from tests.projections.random_histories import recorded
from tests.support.orders import (
    FIRST_TICKET,
    HOUR,
    History,
    agree,
    order_with_open_entry,
    order_with_ticket,
    received_order,
    refund_arrived,
    refuse,
    withdraw,
)

REACHED = {
    TicketState.REFUNDING: "refund.requested",
    TicketState.SUCCEEDED: "ticket.succeeded",
    TicketState.COMPLETED: "ticket.completed",
    TicketState.CLOSED: "ticket.closed",
}


def _stored(sample: dict[str, Any]) -> ServiceEvent:
    data = json.dumps(sample["data"])
    return event_codec().decode(sample["type"], sample["schema_version"], data)


def _told_of(event: ServiceEvent, before: TicketState | None) -> tuple[Announcement, ...]:
    """Return what is told of an event of a ticket that was in a state before it."""
    if isinstance(event, FundsEvent | WebhookEndpointEvent):
        return of_shop_event(event)
    view = fold_history(recorded(order_with_ticket().events))
    (ticket,) = view.tickets
    ticket_id = getattr(event, "ticket_id", FIRST_TICKET)
    after = getattr(event, "state", ticket.state)
    return of_order_event(
        event,
        _with_ticket(view, ticket_id, before) if before is not None else replace(view, tickets=()),
        _with_ticket(view, ticket_id, after),
    )


def _with_ticket(view: OrderView, ticket_id: str, state: TicketState) -> OrderView:
    (ticket,) = view.tickets
    return replace(view, tickets=(replace(ticket, ticket_id=ticket_id, state=state),))


def _last_told(given: History) -> list[Announcement]:
    history = recorded(given.events)
    before, after = fold_history(history[:-1]), fold_history(history)
    return list(of_order_event(history[-1].event, before, after))


def _types_last_told(given: History) -> list[str]:
    return [each.type.value for each in _last_told(given)]


def test_an_event_is_published_as_its_sample_says_in_the_form_that_is_documented() -> None:
    published = set()
    for sample in STORED:
        event = _stored(sample)
        told = _told_of(event, before=getattr(event, "state", None))
        expected = sample["published_as"]
        assert [each.type.value for each in told] == ([] if expected is None else [expected])
        assert all(type(each.data) is data_model(each.type) for each in told), sample["type"]
        published.add(expected)
    assert published | set(REACHED.values()) == {None, *(each.value for each in EventType)}


def test_a_state_newly_reached_is_told_once_beside_what_led_to_it() -> None:
    ruled = ASKED.then(rule_for(Ruling.FOR_MERCHANT), at=ASKED_AT + HOUR).events[-1]
    assert isinstance(ruled, ArbitrationRuled)
    for before, after in product([*TicketState, None], TicketState):
        told = [each.value for each in ticket_types(reaction_to(ruled).public, before, after)]
        expected = [REACHED[after]] if after in REACHED and after is not before else []
        assert told == ["ticket.ruled", *expected], (before, after)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (received_order(), []),
        (order_with_open_entry(), ["entry.opened"]),
        (order_with_ticket(), ["ticket.created"]),
        (a_ticket(agree()), ["ticket.agreed"]),
        (a_ticket(agree(), of=TicketType.REFUND_ONLY), ["ticket.agreed", "refund.requested"]),
        (a_ticket(refuse()), ["ticket.rejected"]),
        (a_ticket(withdraw()), ["ticket.closed"]),
        (
            a_ticket(agree(), ship_back(), goods_there()),
            ["ticket.return_received", "refund.requested"],
        ),
        (
            a_ticket(agree(), refund_arrived(), of=TicketType.REFUND_ONLY),
            ["refund.succeeded", "ticket.succeeded"],
        ),
        (
            a_ticket(
                agree(),
                SAMPLES[ShipReplacement],
                SAMPLES[ConfirmReplacementReceipt],
                of=TicketType.REISSUE,
            ),
            ["ticket.completed"],
        ),
    ],
)
def test_what_happened_is_told_with_what_it_came_to(given: History, told: list[str]) -> None:
    assert _types_last_told(given) == told


def test_a_ruling_that_ends_a_ticket_is_told_as_a_ruling_and_as_an_end() -> None:
    ruled = ASKED.then(rule_for(Ruling.FOR_MERCHANT), at=ASKED_AT + HOUR)
    assert _types_last_told(ruled) == ["ticket.ruled", "ticket.closed"]


def test_the_state_told_is_the_one_right_after_the_event() -> None:
    (agreed, requested) = _last_told(a_ticket(agree(), of=TicketType.REFUND_ONLY))
    assert agreed.data == requested.data
    assert isinstance(agreed.data, TicketEventData)
    assert agreed.data.ticket.state == "refunding"
    assert agreed.data.ticket.agreed_automatically is False
    assert agreed.data.order.active_ticket_id == FIRST_TICKET
    assert agreed.data.order.entry.used


def test_nothing_people_wrote_and_no_parcels_number_is_told() -> None:
    given = a_ticket(agree(), *REFUSED_GOODS[1:], REQUEST)
    for length in range(4, len(given.events) + 1):
        for each in _last_told(History(given.events[:length])):
            body = each.data.model_dump_json()
            assert not any(
                private in body for private in ("SF1234567890", "https:", "商家承诺过", "羊毛围巾")
            )
