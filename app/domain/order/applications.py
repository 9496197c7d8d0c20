"""The application of the consumer: created, modified, withdrawn, remarked on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from app.domain.attachments import Attachment
from app.domain.order.input_rules import refuse_attachments, refuse_items, refuse_reason
from app.domain.order.state import EntryOpen, Order, entering, event_fields, staying
from app.domain.order.tickets import (
    CloseCause,
    Due,
    RequestedItem,
    Side,
    Ticket,
    TicketEventFields,
    TicketState,
    TicketType,
    due_in,
)
from app.domain.order.transitions import ACTIVE_STATES, REJECTED_STATES, Transitions, allow
from app.domain.policy import Policy
from app.domain.reasons import ApplicationReason
from app.domain.refunds import CostPreview
from app.domain.rejections import Decision, Rejection, RejectionCode, reject


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefund:
    """Apply for money back, with the goods going back or not."""

    items: tuple[RequestedItem, ...]
    return_goods: bool
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...] = ()

    @property
    def type(self) -> TicketType:
        """The ticket type applied for."""
        return TicketType.RETURN_AND_REFUND if self.return_goods else TicketType.REFUND_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestExchange:
    """Apply for the goods to be exchanged."""

    items: tuple[RequestedItem, ...]
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...] = ()

    @property
    def type(self) -> TicketType:
        """The ticket type applied for."""
        return TicketType.EXCHANGE


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReissue:
    """Apply for missing goods to be sent."""

    items: tuple[RequestedItem, ...]
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...] = ()

    @property
    def type(self) -> TicketType:
        """The ticket type applied for."""
        return TicketType.REISSUE


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRepair:
    """Apply for the goods to be repaired."""

    items: tuple[RequestedItem, ...]
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...] = ()

    @property
    def type(self) -> TicketType:
        """The ticket type applied for."""
        return TicketType.REPAIR


Application = RequestRefund | RequestExchange | RequestReissue | RequestRepair


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawApplication:
    """Take an application back."""

    ticket_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifyApplication:
    """Change what an application asks for; the merchant answers anew."""

    ticket_id: str
    type: TicketType
    items: tuple[RequestedItem, ...]
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTicketRemark:
    """Add a remark, with pictures if need be."""

    ticket_id: str
    side: Side
    text: str
    pictures: tuple[Attachment, ...]


ApplicationCommand = ModifyApplication | WithdrawApplication | AddTicketRemark

TRANSITIONS: Transitions = {
    ModifyApplication: allow(
        Side.CONSUMER,
        REJECTED_STATES | {TicketState.PENDING_MERCHANT},
        RejectionCode.MODIFICATION_NOT_ALLOWED,
    ),
    WithdrawApplication: allow(
        Side.CONSUMER,
        REJECTED_STATES | {TicketState.PENDING_MERCHANT, TicketState.AWAITING_RETURN},
        RejectionCode.WITHDRAWAL_NOT_ALLOWED,
    ),
    AddTicketRemark: allow(set(Side), ACTIVE_STATES, RejectionCode.TICKET_FINAL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketCreated(TicketEventFields):
    """The consumer's application became a ticket.

    ``overdue`` is the label 超期售后: the application came through an opened entry, whose
    ``entry_generation`` is named then and absent otherwise.
    """

    type: TicketType
    items: tuple[RequestedItem, ...]
    amount: int
    currency: str
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...]
    overdue: bool
    entry_generation: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketClosed(TicketEventFields):
    """The ticket ended without the request being met."""

    cause: CloseCause


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationModified(TicketEventFields):
    """The consumer changed the application; it waits for the merchant anew."""

    type: TicketType
    items: tuple[RequestedItem, ...]
    amount: int
    currency: str
    reason: ApplicationReason
    description: str | None
    evidence: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRemarked(TicketEventFields):
    """One side added a remark; the ticket stays where it is."""

    side: Side
    text: str
    pictures: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDueReminded(TicketEventFields):
    """The side concerned is reminded once of what is about to happen by itself.

    The ticket itself is not changed by it, nor is its version.
    """

    side: Side
    due: Due


BuyersChange = ApplicationModified | TicketClosed
ApplicationChange = BuyersChange | TicketRemarked


def decide(
    command: ApplicationCommand,
    ticket: Ticket,
    order: Order,
    now: datetime,
    policy: Policy,
) -> Decision[ApplicationChange]:
    """Decide a command of this family on a ticket that stands where the command is allowed."""
    match command:
        case ModifyApplication():
            return modify(command, ticket, order, now, policy)
        case WithdrawApplication():
            return withdraw(ticket, order, now)
        case AddTicketRemark():
            return remark(command, ticket, order, now, policy)
        case _:
            assert_never(command)


def apply_for(
    command: Application, order: Order, now: datetime, policy: Policy
) -> Decision[TicketCreated]:
    """Create the ticket, through the period's own door or through an opened entry."""
    overdue = period_is_over(order, now, policy)
    refusal = (
        _door_closed(order, policy, overdue=overdue)
        or _order_busy_or_done(order)
        or _wish_refused(command, order)
    )
    if refusal is not None:
        return refusal
    entry = order.entry
    return (
        TicketCreated(
            at=now,
            ticket_id=f"{order.facts.order_id}-{len(order.tickets) + 1}",
            buyer_id=order.facts.buyer_id,
            type=command.type,
            items=command.items,
            amount=sum(item.amount for item in command.items),
            currency=order.facts.payment.amount.currency,
            reason=command.reason,
            description=command.description,
            evidence=command.evidence,
            overdue=overdue,
            entry_generation=entry.generation if overdue and isinstance(entry, EntryOpen) else None,
            state=TicketState.PENDING_MERCHANT,
            due=due_in(TicketState.PENDING_MERCHANT, now, policy),
        ),
    )


def modify(
    command: ModifyApplication, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision[ApplicationChange]:
    """Change what an application asks for, a few times at most; it counts as the same one."""
    if ticket.modifications >= policy.modifications_max:
        return reject(RejectionCode.MODIFICATION_LIMIT_REACHED, limit=policy.modifications_max)
    refusal = _wish_refused(command, order)
    if refusal is not None:
        return refusal
    return (
        ApplicationModified(
            **entering(TicketState.PENDING_MERCHANT, order, ticket.ticket_id, now, policy),
            type=command.type,
            items=command.items,
            amount=sum(item.amount for item in command.items),
            currency=order.facts.payment.amount.currency,
            reason=command.reason,
            description=command.description,
            evidence=command.evidence,
        ),
    )


def period_is_over(order: Order, now: datetime, policy: Policy) -> bool:
    """Whether the ordinary after-sales period has ended; it has not begun before receipt."""
    confirmed_at = order.receipt_confirmed_at
    return confirmed_at is not None and now >= confirmed_at + policy.after_sales_period


def _door_closed(order: Order, policy: Policy, *, overdue: bool) -> Rejection | None:
    if overdue:
        if isinstance(order.entry, EntryOpen):
            return None
        return reject(RejectionCode.ENTRY_NOT_OPEN)
    if order.applications_in_period >= policy.applications_in_period_max:
        return reject(
            RejectionCode.APPLICATION_LIMIT_REACHED, limit=policy.applications_in_period_max
        )
    return None


def _order_busy_or_done(order: Order) -> Rejection | None:
    active = order.active_ticket
    if active is not None:
        return reject(RejectionCode.TICKET_ALREADY_ACTIVE, ticket_id=active.ticket_id)
    if order.refundable == 0 and order.refunded > 0:
        return reject(RejectionCode.AMOUNT_EXCEEDS_REFUNDABLE, refundable="0")
    return None


def _wish_refused(command: Application | ModifyApplication, order: Order) -> Rejection | None:
    return (
        refuse_reason(command.reason, command.type)
        or refuse_items(command.items, command.type, order)
        or refuse_attachments(command.evidence)
    )


def withdraw(ticket: Ticket, order: Order, now: datetime) -> Decision[ApplicationChange]:
    return (
        TicketClosed(
            **event_fields(order, ticket.ticket_id, now, TicketState.CLOSED, None),
            cause=CloseCause.WITHDRAWN,
        ),
    )


def remark(
    command: AddTicketRemark, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision[ApplicationChange]:
    if ticket.remarks >= policy.remarks_max:
        return reject(RejectionCode.REMARK_LIMIT_REACHED, limit=policy.remarks_max)
    refusal = refuse_attachments(command.pictures, pictures_only=True)
    if refusal is not None:
        return refusal
    return (
        TicketRemarked(
            **staying(order, ticket, now),
            side=command.side,
            text=command.text,
            pictures=command.pictures,
        ),
    )


def evolve(ticket: Ticket, event: ApplicationChange) -> Ticket:
    """Return the ticket after an event of this family; state and deadline are set by the caller."""
    match event:
        case ApplicationModified():
            return _modified(ticket, event)
        case TicketRemarked():
            return replace(ticket, remarks=ticket.remarks + 1)
        case TicketClosed():
            return ticket
        case _:
            assert_never(event)


def created_ticket(event: TicketCreated, version: int, previewed: CostPreview | None) -> Ticket:
    """Return the ticket an application became, at a version of its order's stream."""
    return Ticket(
        ticket_id=event.ticket_id,
        type=event.type,
        state=event.state,
        items=event.items,
        amount=event.amount,
        reason=event.reason,
        overdue=event.overdue,
        due=event.due,
        version=version,
        previewed=previewed,
    )


def _modified(ticket: Ticket, event: ApplicationModified) -> Ticket:
    return replace(
        ticket,
        type=event.type,
        items=event.items,
        amount=event.amount,
        reason=event.reason,
        modifications=ticket.modifications + 1,
        assistant_notified=False,
        goods_returned=ticket.goods_returned and _no_more_units(event.items, ticket.items),
    )


def _no_more_units(now: Sequence[RequestedItem], before: Sequence[RequestedItem]) -> bool:
    """Whether all units asked about now were asked about before, and so came back with them."""
    units = {item.item_id: item.quantity for item in before}
    return all(item.quantity <= units.get(item.item_id, 0) for item in now)
