"""Decisions on a ticket. TRANSITIONS is the table of what may be decided where."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import assert_never

from app.domain.order.commands import (
    AgreeToApplication,
    RecordRefundSuccess,
    RejectApplication,
    TicketDecision,
    WithdrawApplication,
)
from app.domain.order.decision import Decision
from app.domain.order.events import (
    ApplicationAgreed,
    ApplicationRejected,
    RefundSucceeded,
    TicketClosed,
)
from app.domain.order.state import Order
from app.domain.order.tickets import (
    CloseCause,
    Ticket,
    TicketState,
    due_in,
    state_after_agreement,
)
from app.domain.policy import Policy
from app.domain.rejections import RejectionCode, reject

TRANSITIONS: Mapping[type[TicketDecision], frozenset[TicketState]] = MappingProxyType(
    {
        AgreeToApplication: frozenset({TicketState.PENDING_MERCHANT}),
        RejectApplication: frozenset({TicketState.PENDING_MERCHANT}),
        WithdrawApplication: frozenset(
            {TicketState.PENDING_MERCHANT, TicketState.AWAITING_RETURN, TicketState.REJECTED}
        ),
        RecordRefundSuccess: frozenset({TicketState.REFUNDING}),
    }
)
"""For each decision, the states it may be taken in (domain: applications and tickets)."""


def decide_ticket(command: TicketDecision, order: Order, now: datetime, policy: Policy) -> Decision:
    """Decide on one ticket of the order, if the table allows it where the ticket stands."""
    ticket = order.tickets.get(command.ticket_id)
    if ticket is None:
        return reject(RejectionCode.TICKET_NOT_FOUND)
    if ticket.state not in TRANSITIONS[type(command)]:
        return reject(RejectionCode.TRANSITION_NOT_ALLOWED, state=ticket.state.value)
    match command:
        case AgreeToApplication():
            return _agree(ticket, order, now, policy)
        case RejectApplication():
            return _reject(command, order, now, policy)
        case WithdrawApplication():
            return _withdraw(ticket, order, now)
        case RecordRefundSuccess():
            return _succeed(ticket, order, now)
        case _:
            assert_never(command)


def _agree(ticket: Ticket, order: Order, now: datetime, policy: Policy) -> Decision:
    state = state_after_agreement(ticket.type)
    return (
        ApplicationAgreed(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            automatic=False,
            state=state,
            due=due_in(state, now, policy),
        ),
    )


def _reject(command: RejectApplication, order: Order, now: datetime, policy: Policy) -> Decision:
    return (
        ApplicationRejected(
            at=now,
            ticket_id=command.ticket_id,
            buyer_id=order.facts.buyer_id,
            reason=command.reason,
            note=command.note,
            evidence=command.evidence,
            state=TicketState.REJECTED,
            due=due_in(TicketState.REJECTED, now, policy),
        ),
    )


def _withdraw(ticket: Ticket, order: Order, now: datetime) -> Decision:
    return (
        TicketClosed(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            cause=CloseCause.WITHDRAWN,
            state=TicketState.CLOSED,
            due=None,
        ),
    )


def _succeed(ticket: Ticket, order: Order, now: datetime) -> Decision:
    return (
        RefundSucceeded(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            items=ticket.items,
            amount=ticket.amount,
            currency=order.facts.payment.amount.currency,
            state=TicketState.SUCCEEDED,
            due=None,
        ),
    )
