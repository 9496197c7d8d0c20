"""The money of a ticket on its way to the buyer. Reporting the same twice changes nothing."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from app.domain.order.commission_split import shares_of
from app.domain.order.state import Order, event_fields
from app.domain.order.tickets import (
    Refund,
    RequestedItem,
    Side,
    Ticket,
    TicketEventFields,
    TicketState,
)
from app.domain.order.transitions import Transitions, allow
from app.domain.refunds import (
    KEY_OF_ANOTHER,
    CostPreview,
    FundingSource,
    RefundRefusal,
    RefundStatus,
    Shares,
)
from app.domain.rejections import Decision, RejectionCode, reject


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefundFunding:
    """Take note of the source that pays for a ticket's refund."""

    ticket_id: str
    refund_key: str
    source: FundingSource
    shares: Shares
    insufficient: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefundUnknown:
    """Take note that nobody knows yet whether a refund was paid."""

    ticket_id: str
    refund_key: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefundRefusal:
    """Take note that the provider will never pay a refund to the buyer's account."""

    ticket_id: str
    refund_key: str
    refusal: RefundRefusal
    provider_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRefundSuccess:
    """Take note that the money of a ticket reached the buyer.

    ``refund_key`` and ``provider_reference`` are None where finance reports it.
    """

    ticket_id: str
    refund_key: str | None = None
    provider_reference: str | None = None


RefundReport = RecordRefundFunding | RecordRefundUnknown | RecordRefundRefusal
"""What is reported of a ticket's money on its way: no side decides it."""

TRANSITIONS: Transitions = {
    RecordRefundSuccess: allow(Side.PLATFORM, TicketState.REFUNDING, RejectionCode.NOT_REFUNDING),
}


RefundCommand = RefundReport | RecordRefundSuccess


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundFunded(TicketEventFields):
    """A source was found for the money of a ticket; the provider is asked to pay.

    ``shares``: who bears how much of ``amount``. ``insufficient``: neither cash nor deposit covered
    it, so the platform pays in advance (先行赔付).
    ``preview``: the cost acknowledged before, if any.
    """

    refund_key: str
    amount: int
    currency: str
    source: FundingSource
    shares: Shares
    insufficient: bool
    preview: CostPreview | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOutcomeUnknown(TicketEventFields):
    """The provider gave no answer; until it does, nothing else pays."""

    refund_key: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRefused(TicketEventFields):
    """The provider will not pay to the buyer's account; the funding goes back."""

    refund_key: str
    refusal: RefundRefusal
    provider_text: str
    settled_late: Shares | None
    """How the money is shared that goes back to the escrow of an order settled meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundSucceeded(TicketEventFields):
    """The money of a ticket reached the buyer.

    ``refund_key``, ``source`` and ``provider_reference`` are None where finance reported it.
    """

    items: tuple[RequestedItem, ...]
    amount: int
    currency: str
    refund_key: str | None
    source: FundingSource | None
    provider_reference: str | None


RefundChange = RefundFunded | RefundOutcomeUnknown | RefundRefused | RefundSucceeded


def report(command: RefundReport, order: Order, now: datetime) -> Decision[RefundChange]:
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
) -> Decision[RefundChange]:
    """Take note of the source; a refund has one key for life."""
    refund = ticket.refund
    if refund is not None:
        same = refund.refund_key == command.refund_key
        return () if same else reject(RejectionCode.REFUND_KEY_DIFFERS, known=refund.refund_key)
    return (
        RefundFunded(
            **event_fields(order, ticket.ticket_id, now, ticket.state, None),
            refund_key=command.refund_key,
            amount=ticket.amount,
            currency=order.facts.payment.amount.currency,
            source=command.source,
            shares=command.shares,
            insufficient=command.insufficient,
            preview=ticket.previewed,
        ),
    )


def record_unknown(
    command: RecordRefundUnknown, ticket: Ticket, order: Order, now: datetime
) -> Decision[RefundChange]:
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
            **event_fields(order, ticket.ticket_id, now, ticket.state, None),
            refund_key=command.refund_key,
            why=command.why,
        ),
    )


def record_refusal(
    command: RecordRefundRefusal, ticket: Ticket, order: Order, now: datetime
) -> Decision[RefundChange]:
    """Take note that the provider will never pay this refund."""
    refund = ticket.refund
    if refund is None or refund.refund_key != command.refund_key:
        return reject(RejectionCode.REFUND_KEY_DIFFERS, known=_key(refund))
    if refund.status is RefundStatus.REFUSED:
        return ()
    return (
        RefundRefused(
            **event_fields(order, ticket.ticket_id, now, ticket.state, None),
            refund_key=command.refund_key,
            refusal=command.refusal,
            provider_text=command.provider_text,
            settled_late=_settled_late(refund, ticket, order),
        ),
    )


def _settled_late(refund: Refund, ticket: Ticket, order: Order) -> Shares | None:
    if refund.source is not FundingSource.ESCROW or order.settled_shares is None:
        return None
    return shares_of(ticket.amount, order.facts.commission)


def succeed(
    command: RecordRefundSuccess, ticket: Ticket, order: Order, now: datetime
) -> Decision[RefundChange]:
    """End a ticket whose money has arrived. Once the provider has it, only the provider says so."""
    refund = ticket.refund
    if _key(refund) != command.refund_key:
        return reject(RejectionCode.REFUND_KEY_DIFFERS, known=_key(refund))
    if refund is not None and refund.status is RefundStatus.REFUSED:
        return reject(RejectionCode.NOT_REFUNDING, status=refund.status.value)
    return (
        RefundSucceeded(
            **event_fields(order, ticket.ticket_id, now, TicketState.SUCCEEDED, None),
            items=ticket.items,
            amount=ticket.amount,
            currency=order.facts.payment.amount.currency,
            refund_key=command.refund_key,
            source=None if refund is None else refund.source,
            provider_reference=command.provider_reference,
        ),
    )


def _key(refund: Refund | None) -> str | None:
    return None if refund is None else refund.refund_key


def _refund(refund: Refund | None, event: RefundChange) -> Refund | None:
    match event:
        case RefundFunded():
            return Refund(
                refund_key=event.refund_key,
                status=RefundStatus.FUNDED,
                source=event.source,
                shares=event.shares,
            )
        case RefundOutcomeUnknown(why=why):
            of_another = why == KEY_OF_ANOTHER
            return refund and replace(
                refund, status=RefundStatus.UNKNOWN, key_of_another=of_another
            )
        case RefundRefused():
            return refund and replace(refund, status=RefundStatus.REFUSED)
        case RefundSucceeded():
            return refund and replace(refund, status=RefundStatus.SUCCEEDED)
        case _:
            assert_never(event)


def evolve(ticket: Ticket, event: RefundChange) -> Ticket:
    """Return the ticket after an event of this family; state and deadline are set by the caller."""
    return replace(ticket, refund=_refund(ticket.refund, event))
