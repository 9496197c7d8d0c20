"""Arbitration: the platform between buyer and merchant."""

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
from app.api.ticket_calls import TICKET_PATH, decide, decision_problems, side_of
from app.api.wire.attachments import attachments_in
from app.api.wire.decisions import (
    RequestArbitrationBody,
    RuleArbitrationBody,
    SubmitArbitrationEvidenceBody,
)
from app.api.wire.tickets import Ticket
from app.domain.order.arbitration import (
    RequestArbitration,
    RuleArbitration,
    SubmitArbitrationEvidence,
    WithdrawArbitration,
)
from app.event_store.recorded_event import Role

router = APIRouter(route_class=StrictRoute, tags=["arbitration"])

Buyer = Annotated[RequestContext, allow(Scope.TICKETS_WRITE, Role.CONSUMER)]
Party = Annotated[RequestContext, allow(Scope.TICKETS_WRITE, Role.CONSUMER, Role.MERCHANT)]
Platform = Annotated[RequestContext, allow(Scope.ARBITRATIONS_WRITE, Role.PLATFORM)]


@router.post(
    f"{TICKET_PATH}/arbitration",
    name="request_arbitration",
    summary="Ask the platform to arbitrate",
    response_model=Ticket,
    responses=decision_problems(
        "arbitration_not_available", "arbitration_limit_reached", *ATTACHMENT_REFUSALS
    ),
)
async def request_arbitration(
    shop_id: ShopId,
    ticket_id: TicketId,
    body: RequestArbitrationBody,
    call: Buyer,
    key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Bring a rejection before the platform. Without evidence of the merchant within seven days it
    rules for the buyer.
    """
    command = RequestArbitration(
        ticket_id=ticket_id, note=body.note, evidence=attachments_in(body.evidence)
    )
    return await decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{TICKET_PATH}/arbitration/evidence",
    name="submit_arbitration_evidence",
    summary="Give evidence in an arbitration",
    response_model=Ticket,
    status_code=201,
    responses=decision_problems(
        "idempotency_key_required",
        "not_in_arbitration",
        "arbitration_evidence_limit_reached",
        "evidence_required",
        *ATTACHMENT_REFUSALS,
    ),
)
async def submit_arbitration_evidence(
    shop_id: ShopId,
    ticket_id: TicketId,
    body: SubmitArbitrationEvidenceBody,
    call: Party,
    key: RequiredIdempotencyKey,
    if_match: IfMatch = None,
) -> Response:
    """Give evidence for one's side: files, a note, or both."""
    command = SubmitArbitrationEvidence(
        ticket_id=ticket_id,
        side=side_of(call),
        note=body.note,
        evidence=attachments_in(body.evidence),
    )
    return await decide(call, shop_id, command, key=key, if_match=if_match, created=True)


@router.post(
    f"{TICKET_PATH}/arbitration/rule",
    name="rule_arbitration",
    summary="Rule an arbitration",
    response_model=Ticket,
    responses=decision_problems(
        "idempotency_key_required",
        "not_in_arbitration",
        "ruling_contradicts_itself",
        "amount_exceeds_refundable",
        "nothing_requested",
    ),
)
async def rule_arbitration(
    shop_id: ShopId,
    ticket_id: TicketId,
    body: RuleArbitrationBody,
    call: Platform,
    key: RequiredIdempotencyKey,
    if_match: IfMatch = None,
) -> Response:
    """Rule for buyer or merchant, with blame and the final amount; the flow goes on from there."""
    command = RuleArbitration(
        ticket_id=ticket_id,
        ruling=body.ruling,
        blame=body.blame,
        final_amount=body.final_amount,
        note=body.note,
    )
    return await decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{TICKET_PATH}/arbitration/withdraw",
    name="withdraw_arbitration",
    summary="Take a request for arbitration back",
    response_model=Ticket,
    responses=decision_problems("not_in_arbitration", "escalation_not_withdrawable"),
)
async def withdraw_arbitration(
    shop_id: ShopId,
    ticket_id: TicketId,
    call: Buyer,
    key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Go back to the rejection the request was about, with its whole time."""
    command = WithdrawArbitration(ticket_id=ticket_id)
    return await decide(call, shop_id, command, key=key, if_match=if_match)
