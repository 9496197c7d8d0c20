"""The merchant's answers to an application: by hand, by a rule, or after all."""

from datetime import datetime

from app.domain.funds.state import Funds
from app.domain.order.cost import CostPreview
from app.domain.order.cost_preview import cost_of_ticket
from app.domain.order.decision import Decision
from app.domain.order.input_rules import refuse_attachments, refuse_reject_reason
from app.domain.order.state import Order
from app.domain.order.ticket_commands import (
    AgreeToApplication,
    ApplyAssistantRule,
    RejectApplication,
)
from app.domain.order.ticket_events import (
    ApplicationAgreed,
    ApplicationRejected,
    AssistantNotified,
    RejectionReversed,
)
from app.domain.order.tickets import (
    AppliedRule,
    AssistantAction,
    Ticket,
    TicketState,
    due_in,
    state_once_granted,
)
from app.domain.policy import Policy
from app.domain.reasons import REJECT_REASONS_OF_APPLICATION


def agree(
    command: AgreeToApplication,
    ticket: Ticket,
    order: Order,
    now: datetime,
    policy: Policy,
    *,
    funds: Funds,
) -> Decision:
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
        at=at,
        ticket_id=ticket.ticket_id,
        buyer_id=order.facts.buyer_id,
        automatic=automatic,
        without_return=without_return,
        rule=rule,
        acknowledged_cost=acknowledged_cost,
        state=state,
        due=due_in(state, at, policy),
    )


def apply_rule(
    command: ApplyAssistantRule, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision:
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
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            rule=command.rule,
            state=ticket.state,
            due=ticket.due,
        ),
    )


def reject_application(
    command: RejectApplication, order: Order, now: datetime, policy: Policy
) -> Decision:
    """Refuse an application for a reason that applications can be refused for."""
    refusal = refuse_reject_reason(
        command.reason, REJECT_REASONS_OF_APPLICATION
    ) or refuse_attachments(command.evidence)
    if refusal is not None:
        return refusal
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


def process_rejected(ticket: Ticket, order: Order, now: datetime, policy: Policy) -> Decision:
    """Grant after all what was rejected; goods that came back are taken as they are."""
    state = state_once_granted(ticket.type, return_settled=ticket.return_settled)
    return (
        RejectionReversed(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            state=state,
            due=due_in(state, now, policy),
        ),
    )
