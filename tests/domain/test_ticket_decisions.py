"""Decisions on a ticket: what the table allows happens, what it does not is refused."""

from itertools import product
from typing import get_args

import pytest

from app.domain.order.events import OrderEvent
from app.domain.order.ticket_commands import (
    AgreeToApplication,
    RecordRefundSuccess,
    RejectApplication,
    TicketDecision,
    WithdrawApplication,
)
from app.domain.order.ticket_decisions import TRANSITIONS
from app.domain.order.ticket_events import (
    ApplicationAgreed,
    ApplicationRejected,
    RefundSucceeded,
    TicketClosed,
    TicketCreated,
)
from app.domain.order.tickets import (
    FINAL_STATES,
    CloseCause,
    Due,
    DueAction,
    TicketState,
    TicketType,
)
from app.domain.reasons import ApplicationReason, RejectReason
from app.domain.rejections import RejectionCode
from tests.support.orders import (
    BUYER,
    CNY,
    DAY,
    FIRST_TICKET,
    HOUR,
    OPENED,
    History,
    accepted,
    agree,
    code_of,
    order_with_open_entry,
    order_with_ticket,
    refund_arrived,
    refusal_of,
    refuse,
    request_refund,
    some,
    withdraw,
)

APPLIED = OPENED + HOUR
ANSWERED = APPLIED + HOUR

DECISIONS: dict[type[TicketDecision], TicketDecision] = {
    AgreeToApplication: agree(),
    RejectApplication: refuse(),
    WithdrawApplication: withdraw(),
    RecordRefundSuccess: refund_arrived(),
}
PAIRS = list(product(TRANSITIONS, TicketState))
REFUSED = [(kind, state) for kind, state in PAIRS if state not in TRANSITIONS[kind]]
ALLOWED = [(kind, state) for kind, state in PAIRS if state in TRANSITIONS[kind]]


def name(value: object) -> str:
    """Name a decision or a state in the list of tests."""
    return value.__name__ if isinstance(value, type) else str(value)


def ticket_in(state: TicketState) -> History:
    """Given a ticket that stands in a state, without asking how it got there."""
    created = TicketCreated(
        at=APPLIED,
        ticket_id=FIRST_TICKET,
        buyer_id=BUYER,
        type=TicketType.REFUND_ONLY,
        items=(some(amount=1_000),),
        amount=1_000,
        currency=CNY,
        reason=ApplicationReason.DAMAGED,
        description=None,
        overdue=True,
        entry_generation=1,
        state=state,
        due=None,
    )
    return order_with_open_entry().and_events(created)


def test_the_table_says_for_every_decision_there_is_where_it_may_be_taken() -> None:
    assert set(TRANSITIONS) == set(get_args(TicketDecision)) == set(DECISIONS)


def test_the_table_is_the_flow_of_the_product() -> None:
    assert {kind: {state.value for state in states} for kind, states in TRANSITIONS.items()} == {
        AgreeToApplication: {"pending_merchant"},
        RejectApplication: {"pending_merchant"},
        WithdrawApplication: {"pending_merchant", "awaiting_return", "rejected"},
        RecordRefundSuccess: {"refunding"},
    }


@pytest.mark.parametrize(("kind", "state"), REFUSED, ids=name)
def test_what_the_table_does_not_allow_is_refused(
    kind: type[TicketDecision], state: TicketState
) -> None:
    refused = refusal_of(ticket_in(state).ask(DECISIONS[kind], at=ANSWERED))
    assert refused.code is RejectionCode.TRANSITION_NOT_ALLOWED
    assert dict(refused.facts) == {"state": state.value}


@pytest.mark.parametrize(("kind", "state"), ALLOWED, ids=name)
def test_what_the_table_allows_moves_the_ticket_once_and_asking_again_adds_nothing(
    kind: type[TicketDecision], state: TicketState
) -> None:
    given = ticket_in(state)
    decided = given.then(DECISIONS[kind], at=ANSWERED)
    assert len(decided.events) == len(given.events) + 1
    assert decided.tickets[FIRST_TICKET].state is not state
    assert decided.tickets[FIRST_TICKET].version == decided.order.version == len(decided.events)
    again = refusal_of(decided.ask(DECISIONS[kind], at=ANSWERED))
    assert again.code is RejectionCode.TRANSITION_NOT_ALLOWED


def test_nothing_leaves_a_final_state() -> None:
    assert {TicketState.SUCCEEDED, TicketState.CLOSED} == FINAL_STATES
    assert all(not states & FINAL_STATES for states in TRANSITIONS.values())


@pytest.mark.parametrize("decision", DECISIONS.values(), ids=lambda it: name(type(it)))
def test_a_ticket_that_does_not_exist_is_not_found(decision: TicketDecision) -> None:
    refused = order_with_open_entry().ask(decision, at=ANSWERED)
    assert code_of(refused) is RejectionCode.TICKET_NOT_FOUND


@pytest.mark.parametrize(
    ("ticket_type", "leads_to", "due"),
    [
        (TicketType.REFUND_ONLY, TicketState.REFUNDING, None),
        (TicketType.RETURN_AND_REFUND, TicketState.AWAITING_RETURN, 7 * DAY),
        (TicketType.EXCHANGE, TicketState.AWAITING_RETURN, 7 * DAY),
        (TicketType.REISSUE, TicketState.AWAITING_REPLACEMENT, None),
        (TicketType.REPAIR, TicketState.AWAITING_RETURN, 7 * DAY),
    ],
)
def test_agreement_leads_where_the_type_says(
    ticket_type: TicketType, leads_to: TicketState, due: object
) -> None:
    outcome = accepted(order_with_ticket(ticket_type).ask(agree(), at=ANSWERED))
    assert outcome.all_events == (
        ApplicationAgreed(
            at=ANSWERED,
            ticket_id=FIRST_TICKET,
            buyer_id=BUYER,
            automatic=False,
            state=leads_to,
            due=Due(at=ANSWERED + 7 * DAY, action=DueAction.CLOSE) if due else None,
        ),
    )


def test_a_rejection_keeps_reason_note_and_evidence_and_closes_after_seven_days() -> None:
    outcome = accepted(order_with_ticket().ask(refuse(), at=ANSWERED))
    assert outcome.all_events == (
        ApplicationRejected(
            at=ANSWERED,
            ticket_id=FIRST_TICKET,
            buyer_id=BUYER,
            reason=RejectReason.NO_EVIDENCE,
            note="请补充照片",
            evidence=("https://example.com/1.jpg",),
            state=TicketState.REJECTED,
            due=Due(at=ANSWERED + 7 * DAY, action=DueAction.CLOSE),
        ),
    )


def test_withdrawing_closes_the_ticket_for_good() -> None:
    outcome = accepted(order_with_ticket().ask(withdraw(), at=ANSWERED))
    assert outcome.all_events == (
        TicketClosed(
            at=ANSWERED,
            ticket_id=FIRST_TICKET,
            buyer_id=BUYER,
            cause=CloseCause.WITHDRAWN,
            state=TicketState.CLOSED,
            due=None,
        ),
    )


def test_a_refund_that_arrived_names_the_items_and_the_money_of_its_ticket() -> None:
    agreed = order_with_ticket().then(agree(), at=ANSWERED)
    outcome = accepted(agreed.ask(refund_arrived(), at=ANSWERED + HOUR))
    expected: tuple[OrderEvent, ...] = (
        RefundSucceeded(
            at=ANSWERED + HOUR,
            ticket_id=FIRST_TICKET,
            buyer_id=BUYER,
            items=(some(amount=1_000),),
            amount=1_000,
            currency=CNY,
            state=TicketState.SUCCEEDED,
            due=None,
        ),
    )
    assert outcome.all_events == expected
    assert agreed.then(refund_arrived(), at=ANSWERED + HOUR).order.refunded == 1_000


def test_a_decision_changes_the_ticket_it_names_and_no_other() -> None:
    first_over = order_with_ticket().then(withdraw(), at=ANSWERED)
    both = first_over.then(request_refund(), at=ANSWERED).then(agree("order-1-2"), at=ANSWERED)
    assert both.tickets[FIRST_TICKET] == first_over.tickets[FIRST_TICKET]
    assert both.tickets["order-1-2"].state is TicketState.REFUNDING
