"""What becomes of a ticket's money, told by those who move it. Asking twice changes nothing."""

from datetime import datetime
from typing import assert_never

from app.domain.order.decision import Decision
from app.domain.order.state import Order
from app.domain.order.ticket_commands import (
    RecordRefundFunding,
    RecordRefundRefusal,
    RecordRefundSuccess,
    RecordRefundUnknown,
    RefundReport,
)
from app.domain.order.ticket_events import (
    RefundFunded,
    RefundOutcomeUnknown,
    RefundRefused,
    RefundSucceeded,
)
from app.domain.order.tickets import Refund, Ticket, TicketState
from app.domain.refunds import KEY_OF_ANOTHER, RefundStatus
from app.domain.rejections import RejectionCode, reject


def report(command: RefundReport, order: Order, now: datetime) -> Decision:
    """Take note of what is reported of a ticket's money, while the ticket is refunding."""
    ticket = order.tickets.get(command.ticket_id)
    if ticket is None:
        return reject(RejectionCode.TICKET_NOT_FOUND)
    if ticket.state is not TicketState.REFUNDING:
        return reject(RejectionCode.NOT_REFUNDING, state=ticket.state.value)
    match command:
        case RecordRefundFunding():
            return record_funding(command, ticket, order, now)
        case RecordRefundUnknown():
            return record_unknown(command, ticket, order, now)
        case RecordRefundRefusal():
            return record_refusal(command, ticket, order, now)
        case _:
            assert_never(command)


def record_funding(
    command: RecordRefundFunding, ticket: Ticket, order: Order, now: datetime
) -> Decision:
    """Take note of the source; a refund has one key for life."""
    refund = ticket.refund
    if refund is not None:
        same = refund.refund_key == command.refund_key
        return () if same else reject(RejectionCode.REFUND_KEY_DIFFERS, known=refund.refund_key)
    return (
        RefundFunded(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            refund_key=command.refund_key,
            amount=ticket.amount,
            currency=order.facts.payment.amount.currency,
            source=command.source,
            shares=command.shares,
            insufficient=command.insufficient,
            preview=ticket.previewed,
            state=ticket.state,
            due=None,
        ),
    )


def record_unknown(
    command: RecordRefundUnknown, ticket: Ticket, order: Order, now: datetime
) -> Decision:
    """Take note, once, that the provider gave no answer; and once that a person must look."""
    refund = ticket.refund
    if refund is None or refund.refund_key != command.refund_key:
        return reject(RejectionCode.REFUND_KEY_DIFFERS, known=_key(refund))
    told = command.why == KEY_OF_ANOTHER and not refund.key_of_another
    if refund.status is not RefundStatus.FUNDED and not (
        told and refund.status is RefundStatus.UNKNOWN
    ):
        return ()
    return (
        RefundOutcomeUnknown(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            refund_key=command.refund_key,
            why=command.why,
            state=ticket.state,
            due=None,
        ),
    )


def record_refusal(
    command: RecordRefundRefusal, ticket: Ticket, order: Order, now: datetime
) -> Decision:
    """Take note that the provider will never pay this refund."""
    refund = ticket.refund
    if refund is None or refund.refund_key != command.refund_key:
        return reject(RejectionCode.REFUND_KEY_DIFFERS, known=_key(refund))
    if refund.status is RefundStatus.REFUSED:
        return ()
    return (
        RefundRefused(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            refund_key=command.refund_key,
            refusal=command.refusal,
            provider_text=command.provider_text,
            state=ticket.state,
            due=None,
        ),
    )


def succeed(command: RecordRefundSuccess, ticket: Ticket, order: Order, now: datetime) -> Decision:
    """End a ticket whose money has arrived. Once the provider has it, only the provider says so."""
    refund = ticket.refund
    if _key(refund) != command.refund_key:
        return reject(RejectionCode.REFUND_KEY_DIFFERS, known=_key(refund))
    if refund is not None and refund.status is RefundStatus.REFUSED:
        return reject(RejectionCode.NOT_REFUNDING, status=refund.status.value)
    return (
        RefundSucceeded(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            items=ticket.items,
            amount=ticket.amount,
            currency=order.facts.payment.amount.currency,
            refund_key=command.refund_key,
            source=None if refund is None else refund.source,
            provider_reference=command.provider_reference,
            state=TicketState.SUCCEEDED,
            due=None,
        ),
    )


def _key(refund: Refund | None) -> str | None:
    return None if refund is None else refund.refund_key
