"""Decisions on a ticket: what the table allows happens, what it does not is refused."""

import pytest

from app.domain.order.answers import ApplicationAgreed, ApplicationRejected
from app.domain.order.applications import TicketClosed
from app.domain.order.commands import TicketDecision
from app.domain.order.events import OrderEvent
from app.domain.order.refunds import RefundSucceeded
from app.domain.order.tickets import (
    CloseCause,
    Due,
    DueAction,
    TicketState,
    TicketType,
)
from app.domain.reasons import RejectReason
from app.domain.rejections import RejectionCode
from tests.domain.ticket_samples import SAMPLES
from tests.support.orders import (
    BUYER,
    CNY,
    DAY,
    FIRST_TICKET,
    HOUR,
    OPENED,
    a_photo,
    accepted,
    agree,
    code_of,
    order_with_open_entry,
    order_with_ticket,
    refund_arrived,
    refuse,
    request_refund,
    some,
    withdraw,
)

APPLIED = OPENED + HOUR
ANSWERED = APPLIED + HOUR
RETURN = Due(at=ANSWERED + 7 * DAY, action=DueAction.CLOSE, remind_at=ANSWERED + 6 * DAY)
REPLACEMENT = Due(
    at=ANSWERED + 48 * HOUR, action=DueAction.ESCALATE, remind_at=ANSWERED + 36 * HOUR
)


@pytest.mark.parametrize("decision", SAMPLES.values(), ids=lambda it: type(it).__name__)
def test_a_ticket_that_does_not_exist_is_not_found(decision: TicketDecision) -> None:
    refused = order_with_open_entry().ask(decision, at=ANSWERED)
    assert code_of(refused) is RejectionCode.TICKET_NOT_FOUND


@pytest.mark.parametrize(
    ("ticket_type", "leads_to", "due"),
    [
        (TicketType.REFUND_ONLY, TicketState.REFUNDING, None),
        (TicketType.RETURN_AND_REFUND, TicketState.AWAITING_RETURN, RETURN),
        (TicketType.EXCHANGE, TicketState.AWAITING_RETURN, RETURN),
        (TicketType.REISSUE, TicketState.AWAITING_REPLACEMENT, REPLACEMENT),
        (TicketType.REPAIR, TicketState.AWAITING_RETURN, RETURN),
    ],
)
def test_agreement_leads_where_the_type_says(
    ticket_type: TicketType, leads_to: TicketState, due: Due | None
) -> None:
    outcome = accepted(order_with_ticket(ticket_type).ask(agree(), at=ANSWERED))
    assert outcome.all_events == (
        ApplicationAgreed(
            at=ANSWERED,
            ticket_id=FIRST_TICKET,
            buyer_id=BUYER,
            automatic=False,
            without_return=False,
            rule=None,
            acknowledged_cost=None,
            state=leads_to,
            due=due,
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
            evidence=(a_photo(),),
            state=TicketState.REJECTED,
            due=RETURN,
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
            refund_key=None,
            source=None,
            provider_reference=None,
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
