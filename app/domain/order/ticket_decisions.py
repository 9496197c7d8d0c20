"""Decisions on a ticket: the table of transitions first, then one function a decision."""

from datetime import datetime
from typing import assert_never

from app.domain.funds.state import Funds
from app.domain.order.answers import agree, apply_rule, process_rejected, reject_application
from app.domain.order.applications import modify
from app.domain.order.arbitration import (
    request_arbitration,
    rule,
    submit_evidence,
    withdraw_arbitration,
)
from app.domain.order.decision import Decision
from app.domain.order.input_rules import refuse_attachments
from app.domain.order.parcels import (
    confirm_replacement,
    confirm_return,
    correct_return,
    extend_return,
    reject_returned,
    ship_back,
    ship_replacement,
)
from app.domain.order.refunding import succeed
from app.domain.order.state import Order
from app.domain.order.ticket_commands import (
    AddTicketRemark,
    AgreeToApplication,
    ApplyAssistantRule,
    ConfirmReplacementReceipt,
    ConfirmReturnReceipt,
    CorrectReturnShipment,
    ExtendReturnDeadline,
    ModifyApplication,
    ProcessRejectedTicket,
    RecordRefundSuccess,
    RejectApplication,
    RejectReturnedGoods,
    RequestArbitration,
    RuleArbitration,
    ShipGoodsBack,
    ShipReplacement,
    SubmitArbitrationEvidence,
    TicketDecision,
    WithdrawApplication,
    WithdrawArbitration,
)
from app.domain.order.ticket_events import TicketClosed, TicketRemarked
from app.domain.order.tickets import CloseCause, Ticket, TicketState
from app.domain.order.transitions import refuse_transition
from app.domain.policy import Policy
from app.domain.rejections import RejectionCode, reject


def decide_ticket(
    command: TicketDecision, order: Order, now: datetime, policy: Policy, funds: Funds
) -> Decision:
    """Decide on one ticket of the order, if the table allows it where the ticket stands."""
    ticket = order.tickets.get(command.ticket_id)
    if ticket is None:
        return reject(RejectionCode.TICKET_NOT_FOUND)
    refusal = refuse_transition(command, ticket)
    if refusal is not None:
        return refusal
    return _decide_allowed(command, ticket, order, now, policy, funds=funds)


def _decide_allowed(
    command: TicketDecision,
    ticket: Ticket,
    order: Order,
    now: datetime,
    policy: Policy,
    *,
    funds: Funds,
) -> Decision:
    match command:
        case AgreeToApplication():
            return agree(command, ticket, order, now, policy, funds=funds)
        case RejectApplication():
            return reject_application(command, order, now, policy)
        case ApplyAssistantRule():
            return apply_rule(command, ticket, order, now, policy)
        case ProcessRejectedTicket():
            return process_rejected(ticket, order, now, policy)
        case ModifyApplication():
            return modify(command, ticket, order, now, policy)
        case WithdrawApplication():
            return _withdraw(ticket, order, now)
        case ShipGoodsBack():
            return ship_back(command, order, now, policy)
        case CorrectReturnShipment():
            return correct_return(command, ticket, order, now)
        case ExtendReturnDeadline():
            return extend_return(command, ticket, order, now, policy)
        case ConfirmReturnReceipt():
            return confirm_return(command, ticket, order, now, policy, funds=funds)
        case RejectReturnedGoods():
            return reject_returned(command, order, now, policy)
        case ShipReplacement():
            return ship_replacement(command, order, now, policy)
        case ConfirmReplacementReceipt():
            return confirm_replacement(ticket, order, now)
        case RequestArbitration():
            return request_arbitration(command, ticket, order, now, policy)
        case SubmitArbitrationEvidence():
            return submit_evidence(command, ticket, order, now, policy)
        case RuleArbitration():
            return rule(command, ticket, order, now, policy)
        case WithdrawArbitration():
            return withdraw_arbitration(ticket, order, now, policy)
        case AddTicketRemark():
            return _remark(command, ticket, order, now, policy)
        case RecordRefundSuccess():
            return succeed(command, ticket, order, now)
        case _:
            assert_never(command)


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


def _remark(
    command: AddTicketRemark, ticket: Ticket, order: Order, now: datetime, policy: Policy
) -> Decision:
    if ticket.remarks >= policy.remarks_max:
        return reject(RejectionCode.REMARK_LIMIT_REACHED, limit=policy.remarks_max)
    refusal = refuse_attachments(command.pictures, pictures_only=True)
    if refusal is not None:
        return refusal
    return (
        TicketRemarked(
            at=now,
            ticket_id=ticket.ticket_id,
            buyer_id=order.facts.buyer_id,
            side=command.side,
            text=command.text,
            pictures=command.pictures,
            state=ticket.state,
            due=ticket.due,
        ),
    )
