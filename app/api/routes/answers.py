"""Answers to an application, and what the applicant may still do with it."""

from typing import Annotated

from fastapi import APIRouter, Response

from app.access.scopes import Scope
from app.api.problems.problem_responses import ATTACHMENT_REFUSALS
from app.api.request_context import (
    IdempotencyKeyHeader,
    IfMatch,
    RequestContext,
    RequiredIdempotencyKey,
    ShopId,
    TicketId,
    allow,
)
from app.api.strict_request import StrictRoute
from app.api.ticket_calls import TICKET_PATH, decide, decision_problems
from app.api.wire.applications import ModifyApplicationBody, requested_items
from app.api.wire.attachments import attachments_in
from app.api.wire.costs import AcknowledgeCostBody
from app.api.wire.decisions import RejectApplicationBody
from app.api.wire.tickets import Ticket
from app.domain.order.answers import AgreeToApplication, ProcessRejectedTicket, RejectApplication
from app.domain.order.applications import ModifyApplication, WithdrawApplication
from app.event_store.recorded_event import Role

router = APIRouter(route_class=StrictRoute, tags=["tickets"])

Applicant = Annotated[RequestContext, allow(Scope.TICKETS_WRITE, Role.CONSUMER)]
Merchant = Annotated[RequestContext, allow(Scope.TICKETS_WRITE, Role.MERCHANT)]


@router.post(
    f"{TICKET_PATH}/modify",
    name="modify_application",
    summary="Modify an application",
    response_model=Ticket,
    responses=decision_problems(
        "idempotency_key_required",
        "modification_not_allowed",
        "modification_limit_reached",
        "reason_not_for_type",
        "item_not_in_order",
        "item_repeated",
        "quantity_exceeded",
        "amount_exceeds_refundable",
        "nothing_requested",
        *ATTACHMENT_REFUSALS,
    ),
)
async def modify_application(
    shop_id: ShopId,
    ticket_id: TicketId,
    body: ModifyApplicationBody,
    call: Applicant,
    key: RequiredIdempotencyKey,
    if_match: IfMatch = None,
) -> Response:
    """Change what an application asks for, type included; the merchant has 48 hours anew.

    Possible while the merchant has not agreed, and after a rejection; five times at most.
    """
    command = ModifyApplication(
        ticket_id=ticket_id,
        type=body.type,
        items=requested_items(body.items),
        reason=body.reason,
        description=body.description,
        evidence=attachments_in(body.evidence),
    )
    return await decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{TICKET_PATH}/withdraw",
    name="withdraw_application",
    summary="Take an application back",
    response_model=Ticket,
    responses=decision_problems("withdrawal_not_allowed"),
)
async def withdraw_application(
    shop_id: ShopId,
    ticket_id: TicketId,
    call: Applicant,
    key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Take an application back; within the entry's five days another may follow."""
    command = WithdrawApplication(ticket_id=ticket_id)
    return await decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{TICKET_PATH}/agree",
    name="agree_to_application",
    summary="Agree to an application",
    response_model=Ticket,
    responses=decision_problems("already_decided"),
)
async def agree_to_application(
    shop_id: ShopId,
    ticket_id: TicketId,
    call: Merchant,
    body: AcknowledgeCostBody | None = None,
    key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Grant what a ticket asks for: the money is on its way, or the goods go back first.

    With a body, the cost as it is now is noted as acknowledged (see the ticket's cost preview).
    """
    command = AgreeToApplication(ticket_id=ticket_id, cost_acknowledged=body is not None)
    return await decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{TICKET_PATH}/agree-without-return",
    name="agree_without_return",
    summary="Agree to an application and leave the goods with the buyer",
    response_model=Ticket,
    responses=decision_problems("already_decided"),
)
async def agree_without_return(
    shop_id: ShopId,
    ticket_id: TicketId,
    call: Merchant,
    body: AcknowledgeCostBody | None = None,
    key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Grant what a ticket asks for without waiting for the goods to come back.

    With a body, the cost as it is now is noted as acknowledged.
    """
    command = AgreeToApplication(
        ticket_id=ticket_id, without_return=True, cost_acknowledged=body is not None
    )
    return await decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{TICKET_PATH}/reject",
    name="reject_application",
    summary="Reject an application",
    response_model=Ticket,
    responses=decision_problems("already_decided", "reason_not_for_decision", *ATTACHMENT_REFUSALS),
)
async def reject_application(
    shop_id: ShopId,
    ticket_id: TicketId,
    body: RejectApplicationBody,
    call: Merchant,
    key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Refuse what a ticket asks for, for a coded reason and with what proves it."""
    command = RejectApplication(
        ticket_id=ticket_id,
        reason=body.reason,
        note=body.note,
        evidence=attachments_in(body.evidence),
    )
    return await decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{TICKET_PATH}/process-again",
    name="process_rejected_ticket",
    summary="Process a rejected ticket again",
    response_model=Ticket,
    responses=decision_problems("ticket_not_rejected"),
)
async def process_rejected_ticket(
    shop_id: ShopId,
    ticket_id: TicketId,
    call: Merchant,
    key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Grant after all what was rejected (拒绝后再次处理), returned goods included."""
    command = ProcessRejectedTicket(ticket_id=ticket_id)
    return await decide(call, shop_id, command, key=key, if_match=if_match)
