"""Applying: through the period's own door or the opened entry, one ticket at a time."""

from datetime import datetime

import pytest

from app.domain.order.applications import TicketCreated
from app.domain.order.registration import RecordReceiptConfirmation
from app.domain.order.tickets import Due, DueAction, TicketState, TicketType
from app.domain.reasons import ApplicationReason
from app.domain.rejections import RejectionCode
from tests.support.orders import (
    BUYER,
    CNY,
    CREATED,
    DAY,
    FIRST_TICKET,
    HOUR,
    OPENED,
    PERIOD_OVER,
    RECEIVED,
    History,
    accepted,
    agree,
    apply_for,
    code_of,
    order_with_open_entry,
    received_order,
    refund_arrived,
    refusal_of,
    refuse,
    registered_order,
    request_refund,
    some,
    withdraw,
)


def applied_and_withdrawn(given: History, times: int, *, at: datetime) -> History:
    """Apply and withdraw a number of times at one instant."""
    for _ in range(times):
        ticket_id = f"order-1-{len(given.tickets) + 1}"
        given = given.then(request_refund(), at=at).then(withdraw(ticket_id), at=at)
    return given


@pytest.mark.parametrize("ticket_type", TicketType)
@pytest.mark.parametrize("overdue", [True, False])
def test_each_of_the_five_types_becomes_a_ticket_with_the_label_only_past_the_period(
    ticket_type: TicketType, overdue: bool
) -> None:
    given, at = (
        (order_with_open_entry(), OPENED + HOUR) if overdue else (received_order(), RECEIVED + HOUR)
    )
    command = apply_for(ticket_type)
    outcome = accepted(given.ask(command, at=at))
    money = ticket_type in {TicketType.REFUND_ONLY, TicketType.RETURN_AND_REFUND}
    assert outcome.all_events == (
        TicketCreated(
            at=at,
            ticket_id=FIRST_TICKET,
            buyer_id=BUYER,
            type=ticket_type,
            items=command.items,
            amount=1_000 if money else 0,
            currency=CNY,
            reason=command.reason,
            description=None,
            evidence=(),
            overdue=overdue,
            entry_generation=1 if overdue else None,
            state=TicketState.PENDING_MERCHANT,
            due=Due(at=at + 48 * HOUR, action=DueAction.AGREE, remind_at=at + 36 * HOUR),
        ),
    )
    ticket = given.then(command, at=at).tickets[FIRST_TICKET]
    assert (ticket.type, ticket.overdue, ticket.active) == (ticket_type, overdue, True)
    assert ticket.reason is ApplicationReason.PROMISED_AFTER_SALES


def test_the_fifth_application_in_the_period_is_taken_and_the_sixth_refused() -> None:
    four = applied_and_withdrawn(received_order(), 4, at=RECEIVED + HOUR)
    accepted(four.ask(request_refund(), at=RECEIVED + HOUR))
    five = applied_and_withdrawn(received_order(), 5, at=RECEIVED + HOUR)
    refused = refusal_of(five.ask(request_refund(), at=RECEIVED + HOUR))
    assert refused.code is RejectionCode.APPLICATION_LIMIT_REACHED
    assert dict(refused.facts) == {"limit": 5}


def test_the_limit_is_one_for_all_types_together() -> None:
    given = received_order()
    for number, ticket_type in enumerate(TicketType, start=1):
        given = given.then(apply_for(ticket_type), at=RECEIVED + HOUR)
        given = given.then(withdraw(f"order-1-{number}"), at=RECEIVED + HOUR)
    refused = given.ask(apply_for(TicketType.REPAIR), at=RECEIVED + HOUR)
    assert code_of(refused) is RejectionCode.APPLICATION_LIMIT_REACHED


def test_applications_before_receipt_count_as_in_the_period_whatever_the_age_of_the_order() -> None:
    unreceived = registered_order()
    assert (
        not unreceived.then(request_refund(), at=CREATED + 200 * DAY).tickets[FIRST_TICKET].overdue
    )
    five = applied_and_withdrawn(unreceived, 5, at=CREATED + DAY)
    assert five.order.applications_in_period == 5
    received = five.then(RecordReceiptConfirmation(confirmed_at=RECEIVED), at=RECEIVED)
    refused = received.ask(request_refund(), at=RECEIVED + HOUR)
    assert code_of(refused) is RejectionCode.APPLICATION_LIMIT_REACHED


def test_applications_through_the_entry_have_no_limit_and_a_used_up_limit_does_not_bind_them() -> (
    None
):
    used_up = applied_and_withdrawn(received_order(), 5, at=RECEIVED + HOUR)
    opened = order_with_open_entry()
    assert opened.order.applications_in_period == 0
    past = History((*used_up.events, opened.events[-1]))
    many = applied_and_withdrawn(past, 7, at=OPENED + HOUR)
    assert many.order.applications_in_period == 5
    accepted(many.ask(request_refund(), at=OPENED + HOUR))


def test_a_refused_application_is_not_counted() -> None:
    given = received_order()
    for _ in range(6):
        refusal_of(given.ask(request_refund(some(amount=10_001)), at=RECEIVED + HOUR))
    assert given.order.applications_in_period == 0


@pytest.mark.parametrize("door", ["period", "entry"])
def test_one_ticket_may_be_active_at_a_time(door: str) -> None:
    given, at = (
        (received_order(), RECEIVED + HOUR)
        if door == "period"
        else (order_with_open_entry(), OPENED + HOUR)
    )
    pending = given.then(request_refund(), at=at)
    for busy in (pending, pending.then(agree(), at=at), pending.then(refuse(), at=at)):
        refused = refusal_of(busy.ask(apply_for(TicketType.REPAIR), at=at))
        assert refused.code is RejectionCode.TICKET_ALREADY_ACTIVE
        assert dict(refused.facts) == {"ticket_id": FIRST_TICKET}
    paid_back = pending.then(agree(), at=at).then(refund_arrived(), at=at)
    for free in (pending.then(withdraw(), at=at), paid_back):
        assert list(free.then(request_refund(), at=at).tickets) == [FIRST_TICKET, "order-1-2"]


def test_the_same_application_twice_makes_one_ticket() -> None:
    once = order_with_open_entry().then(request_refund(), at=OPENED + HOUR)
    again = once.ask(request_refund(), at=OPENED + HOUR)
    assert code_of(again) is RejectionCode.TICKET_ALREADY_ACTIVE


def test_receipt_learnt_of_late_decides_by_the_instant_it_was_confirmed() -> None:
    told_late = registered_order().then(
        RecordReceiptConfirmation(confirmed_at=RECEIVED), at=PERIOD_OVER + DAY
    )
    refused = told_late.ask(request_refund(), at=PERIOD_OVER + DAY)
    assert code_of(refused) is RejectionCode.ENTRY_NOT_OPEN
