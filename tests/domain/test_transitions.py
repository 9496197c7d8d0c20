"""The table of a ticket's life, tried out: every decision in every place a ticket can come to."""

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest

from app.domain.order.applications import AddTicketRemark
from app.domain.order.arbitration import SubmitArbitrationEvidence
from app.domain.order.commands import TRANSITIONS, TicketDecision
from app.domain.order.deadlines import fall_due
from app.domain.order.decide import Accepted, decide
from app.domain.order.evolve import fold
from app.domain.order.state import Order
from app.domain.order.tickets import FINAL_STATES, Side, TicketState, TicketType
from app.domain.policy import POLICY
from app.domain.rejections import RejectionCode
from tests.support.acts import operation_of_class
from tests.support.orders import DAY, code_of
from tools.checks.states.explore import PAUSE, explore, ticket_of
from tools.checks.states.samples import Sample, samples_of
from tools.oracle.decisions import DECISIONS, TABLE

LIVES = {ticket_type: explore(ticket_type) for ticket_type in TicketType}
WHERE = [(life, place) for life in LIVES.values() for place in life.orders]
EVERY_DECISION = pytest.mark.parametrize(
    "decision", TRANSITIONS, ids=lambda decision: decision.__name__
)
STATES_OF_TYPE = {
    ticket_type: {place.state for place in life.orders} for ticket_type, life in LIVES.items()
}


def samples_at(order: Order, decision: type[TicketDecision]) -> list[Sample]:
    """Return the samples of a decision on the order's ticket."""
    ticket = ticket_of(order)
    samples = samples_of(ticket.ticket_id, ticket.type)
    return [sample for sample in samples if type(sample.command) is decision]


def granted(order: Order, sample: Sample) -> bool:
    """Whether a sample is granted and changes something."""
    outcome = decide(sample.command, order, order.updated_at + PAUSE, POLICY)
    return isinstance(outcome, Accepted) and len(outcome.events) == 1


def test_there_is_a_row_and_a_sample_for_every_decision_there_is() -> None:
    samples = samples_of("order-1-1", TicketType.EXCHANGE)
    assert set(TRANSITIONS) == set(get_args(TicketDecision))
    assert {type(sample.command) for sample in samples} == set(get_args(TicketDecision))


def test_the_table_is_the_flow_of_the_product() -> None:
    table = {
        operation_of_class(kind.__name__): (
            frozenset(state.value for state in row.states),
            frozenset(side.value for side in row.sides),
            row.refusal.value,
        )
        for kind, row in TRANSITIONS.items()
    }
    agree, without_return = DECISIONS["agree_to_application"], DECISIONS["agree_without_return"]
    assert agree == replace(without_return, apply=agree.apply)
    assert table == {
        name: (row.states, row.sides, row.elsewhere)
        for name, row in TABLE.items()
        if name != "agree_without_return"
    }


def test_a_ticket_of_each_type_comes_to_the_states_of_its_type_and_to_no_other() -> None:
    common = {"pending_merchant", "refunding", "rejected", "in_arbitration", "succeeded", "closed"}
    parcel = {"awaiting_return", "awaiting_merchant_receipt", "rejected_after_return"}
    sent = {"awaiting_replacement", "awaiting_buyer_receipt", "completed"}
    assert {kind.value: {s.value for s in states} for kind, states in STATES_OF_TYPE.items()} == {
        "refund_only": common,
        "return_and_refund": common | parcel,
        "exchange": common | parcel | sent,
        "reissue": common | sent,
        "repair": common | parcel | sent,
    }


@EVERY_DECISION
def test_what_the_table_does_not_allow_is_refused_with_the_code_of_its_row(
    decision: type[TicketDecision],
) -> None:
    row, refused = TRANSITIONS[decision], set()
    for life, place in WHERE:
        if place.state in row.states:
            continue
        order = life.orders[place]
        for sample in samples_at(order, decision):
            outcome = decide(sample.command, order, order.updated_at + PAUSE, POLICY)
            final = place.state in FINAL_STATES
            assert code_of(outcome) is (RejectionCode.TICKET_FINAL if final else row.refusal)
            refused.add(place.state)
    assert refused == set(TicketState) - row.states


@EVERY_DECISION
def test_what_the_table_allows_is_granted_somewhere_in_each_of_its_states_and_types(
    decision: type[TicketDecision],
) -> None:
    for ticket_type, state in product(TicketType, TRANSITIONS[decision].states):
        if state not in STATES_OF_TYPE[ticket_type]:
            continue
        assert any(
            granted(order, sample)
            for place, order in LIVES[ticket_type].orders.items()
            if place.state is state
            for sample in samples_at(order, decision)
        ), (ticket_type, state)


def test_a_decision_of_the_wrong_side_is_refused_where_the_decision_says_its_side() -> None:
    tried = set()
    for (life, place), decision in product(WHERE, TRANSITIONS):
        row, order = TRANSITIONS[decision], life.orders[place]
        for sample in samples_at(order, decision):
            command = sample.command
            if not isinstance(command, SubmitArbitrationEvidence | AddTicketRemark):
                assert sample.side is None
                continue
            if place.state not in row.states:
                continue
            outcome = decide(command, order, order.updated_at + PAUSE, POLICY)
            assert isinstance(outcome, Accepted)
            for side in set(Side) - row.sides:
                strange = replace(command, side=side)
                refused = decide(strange, order, order.updated_at + PAUSE, POLICY)
                assert code_of(refused) is RejectionCode.DECISION_OF_ANOTHER_SIDE
                tried.add((decision, side))
    assert tried == {(SubmitArbitrationEvidence, Side.PLATFORM)}


def test_nothing_leaves_a_final_state_whatever_is_asked_and_however_long_one_waits() -> None:
    assert {TicketState.SUCCEEDED, TicketState.COMPLETED, TicketState.CLOSED} == FINAL_STATES
    for life, place in WHERE:
        order = life.orders[place]
        if place.state not in FINAL_STATES:
            assert ticket_of(order).active
            continue
        for decision in TRANSITIONS:
            assert not any(granted(order, sample) for sample in samples_at(order, decision))
        assert fall_due(order, order.updated_at + 1_000 * DAY, POLICY) == ()


@pytest.mark.parametrize("ticket_type", TicketType)
def test_a_ticket_nobody_cares_for_comes_to_rest_by_itself(ticket_type: TicketType) -> None:
    for place, order in LIVES[ticket_type].orders.items():
        later = fold(order, fall_due(order, order.updated_at + 1_000 * DAY, POLICY))
        assert isinstance(later, Order)
        at_rest = ticket_of(later)
        merchant_answered = place.state is TicketState.IN_ARBITRATION and place.due is None
        waits_for_platform = {TicketState.REFUNDING} | (
            {TicketState.IN_ARBITRATION} if merchant_answered else set()
        )
        assert at_rest.due is None
        assert at_rest.state in FINAL_STATES | waits_for_platform
