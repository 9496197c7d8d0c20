"""The answers of the merchant to an application: by hand, by rule, or after a rejection."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from app.domain.attachments import Attachment
from app.domain.funds.state import Funds
from app.domain.order.commission_split import cost_of_ticket
from app.domain.order.input_rules import refuse_attachments, refuse_reject_reason
from app.domain.order.state import Order, entering, staying
from app.domain.order.tickets import (
    AppliedRule,
    AssistantAction,
    Side,
    Ticket,
    TicketEventFields,
    TicketState,
    state_once_granted,
)
from app.domain.order.transitions import REJECTED_STATES, Transitions, allow
from app.domain.policy import Policy
from app.domain.reasons import REJECT_REASONS_OF_APPLICATION, RejectReason
from app.domain.refunds import CostPreview
from app.domain.rejections import Decision, RejectionCode


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreeToApplication:
    """Grant what a ticket asks for; the goods may stay with the buyer.

    ``cost_acknowledged``: the merchant has seen what it costs, which is then noted.
    """

    ticket_id: str
    without_return: bool = False
    cost_acknowledged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectApplication:
    """Refuse what a ticket asks for."""

    ticket_id: str
    reason: RejectReason
    note: str | None
    evidence: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRejectedTicket:
    """Take a rejected ticket up again and grant it (拒绝后再次处理)."""

    ticket_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplyAssistantRule:
    """Do with an application what a rule of the shop's assistant (售后小助手) says."""

    ticket_id: str
    rule: AppliedRule
    action: AssistantAction


AnswerCommand = AgreeToApplication | RejectApplication | ProcessRejectedTicket | ApplyAssistantRule

TRANSITIONS: Transitions = {
    AgreeToApplication: allow(
        Side.MERCHANT, TicketState.PENDING_MERCHANT, RejectionCode.ALREADY_DECIDED
    ),
    RejectApplication: allow(
        Side.MERCHANT, TicketState.PENDING_MERCHANT, RejectionCode.ALREADY_DECIDED
    ),
    ApplyAssistantRule: allow(
        frozenset(), TicketState.PENDING_MERCHANT, RejectionCode.ALREADY_DECIDED
    ),
    ProcessRejectedTicket: allow(Side.MERCHANT, REJECTED_STATES, RejectionCode.TICKET_NOT_REJECTED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationAgreed(TicketEventFields):
    """The merchant agreed, or a rule did, or the time for an answer ran out (``automatic``).

    ``without_return``: the goods stay with the buyer, though the type would send them back.
    ``rule``: the assistant's rule that agreed, None if it was none. ``acknowledged_cost``: what the
    merchant was shown it would cost, None if nobody looked.
    """

    automatic: bool
    without_return: bool
    rule: AppliedRule | None
    acknowledged_cost: CostPreview | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRejected(TicketEventFields):
    """The merchant rejected the application for a coded reason."""

    reason: RejectReason
    note: str | None
    evidence: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectionReversed(TicketEventFields):
    """The merchant took a rejected ticket up again and granted it (拒绝后再次处理)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantNotified(TicketEventFields):
    """A rule of the assistant drew the merchant's attention to an application."""

    rule: AppliedRule


AnswerToApplication = (
    ApplicationAgreed | ApplicationRejected | RejectionReversed | AssistantNotified
)


def decide(
    command: AnswerCommand,
    ticket: Ticket,
    order: Order,
    now: datetime,
    policy: Policy,
    *,
    funds: Funds,
) -> Decision[AnswerToApplication]:
    """Decide a command of this family on a ticket that stands where the command is allowed."""
    match command:
        case AgreeToApplication():
            return agree(command, ticket, order, now, policy, funds=funds)
        case RejectApplication():
            return reject_application(command, order, now, policy)
        case ApplyAssistantRule():
            return apply_rule(command, ticket, order, now, policy)
        case ProcessRejectedTicket():
            return process_rejected(ticket, order, now, policy)
        case _:
            assert_never(command)


def agree(
    command: AgreeToApplication,
    ticket: Ticket,
    order: Order,
    now: datetime,
    policy: Policy,
    *,
    funds: Funds,
) -> Decision[AnswerToApplication]:
    """Grant the request; without return, the goods stay with the buyer."""
    seen = cost_of_ticket(order, ticket, funds) if command.cost_acknowledged else None
    return (
        agreement(
            ticket,
            order,
            now,
            policy,
            automatic=False,
            without_return=command.without_return,
            acknowledged_cost=seen,
        ),
    )


def agreement(
    ticket: Ticket,
    order: Order,
    at: datetime,
    policy: Policy,
    *,
    automatic: bool,
    without_return: bool = False,
    rule: AppliedRule | None = None,
    acknowledged_cost: CostPreview | None = None,
) -> ApplicationAgreed:
    """Return the agreement to a ticket at an instant."""
    settled = without_return or ticket.return_settled
    state = state_once_granted(ticket.type, return_settled=settled)
    return ApplicationAgreed(
        **entering(state, order, ticket.ticket_id, at, policy),
        automatic=automatic,
        without_return=without_return,
        rule=rule,
        acknowledged_cost=acknowledged_cost,
    )


def apply_rule(
    command: ApplyAssistantRule, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision[AnswerToApplication]:
    """Agree as a rule says, or draw the merchant's attention to the application, once."""
    if command.action is not AssistantAction.NOTIFY_ONLY:
        without_return = command.action is AssistantAction.AGREE_WITHOUT_RETURN
        return (
            agreement(
                ticket,
                order,
                now,
                policy,
                automatic=True,
                without_return=without_return,
                rule=command.rule,
            ),
        )
    if ticket.assistant_notified:
        return ()
    return (
        AssistantNotified(
            **staying(order, ticket, now),
            rule=command.rule,
        ),
    )


def reject_application(
    command: RejectApplication, order: Order, now: datetime, policy: Policy
) -> Decision[AnswerToApplication]:
    """Refuse an application for a reason that applications can be refused for."""
    refusal = refuse_reject_reason(
        command.reason, REJECT_REASONS_OF_APPLICATION
    ) or refuse_attachments(command.evidence)
    if refusal is not None:
        return refusal
    return (
        ApplicationRejected(
            **entering(TicketState.REJECTED, order, command.ticket_id, now, policy),
            reason=command.reason,
            note=command.note,
            evidence=command.evidence,
        ),
    )


def process_rejected(
    ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision[AnswerToApplication]:
    """Grant after all what was rejected; goods that came back are taken as they are."""
    state = state_once_granted(ticket.type, return_settled=ticket.return_settled)
    return (
        RejectionReversed(
            **entering(state, order, ticket.ticket_id, now, policy),
        ),
    )


def evolve(ticket: Ticket, event: AnswerToApplication) -> Ticket:
    """Return the ticket after an event of this family; state and deadline are set by the caller."""
    match event:
        case ApplicationAgreed(without_return=without_return):
            previewed = event.acknowledged_cost or ticket.previewed
            return replace(ticket, return_waived=without_return, previewed=previewed)
        case AssistantNotified():
            return replace(ticket, assistant_notified=True)
        case ApplicationRejected() | RejectionReversed():
            return ticket
        case _:
            assert_never(event)
