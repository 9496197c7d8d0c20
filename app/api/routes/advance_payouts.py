"""Advance payouts (先行赔付): customer service pays a refused refund to another account."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Response
from uuid_utils.compat import uuid7

from app.access.scopes import Scope
from app.api.problems.problem import ProblemError
from app.api.request_context import IfMatch, RequestContext, RequiredIdempotencyKey, ShopId, allow
from app.api.strict_request import StrictRoute
from app.api.ticket_calls import decision_problems, showing
from app.api.wire.advance_payouts import DeclineAdvancePayoutBody, StartAdvancePayoutBody, payee_in
from app.api.wire.common import TICKET_ID_PATTERN
from app.api.wire.tickets import Ticket
from app.domain.order.payouts import (
    ApproveAdvancePayout,
    DeclineAdvancePayout,
    PayoutDecision,
    StartAdvancePayout,
)
from app.event_store.recorded_event import Role
from app.payments.payees import seal_payee
from app.projections.tickets.list import order_id_of

router = APIRouter(route_class=StrictRoute, tags=["refunds"])
_log = structlog.get_logger(__name__)

CustomerService = Annotated[RequestContext, allow(Scope.REFUNDS_WRITE, Role.PLATFORM)]
RefundId = Annotated[
    str, Path(pattern=TICKET_ID_PATTERN, description="The refund: the id of its ticket.")
]
PayoutId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{32}$", description="The payout, as its ticket names it.")
]

_PAYOUTS = "/v1/shops/{shop_id}/refunds/{refund_id}/advance-payouts"


@router.post(
    _PAYOUTS,
    name="start_advance_payout",
    summary="Pay a refused refund in advance to another account",
    response_model=Ticket,
    status_code=201,
    responses=decision_problems(
        "idempotency_key_required",
        "sealing_not_configured",
        "refund_not_refused",
        "payout_under_way",
        "payout_limit_reached",
    ),
)
async def start_advance_payout(
    shop_id: ShopId,
    refund_id: RefundId,
    body: StartAdvancePayoutBody,
    call: CustomerService,
    key: RequiredIdempotencyKey,
    if_match: IfMatch = None,
) -> Response:
    """Pay to another account of the buyer what the provider refused to pay back.

    The deposit is charged and may go below zero. Above an amount another person must approve first.
    The account is sealed; nobody reads more of it than its mask.
    """
    seal = call.services.seal
    if seal is None:
        raise ProblemError("sealing_not_configured")
    payout_key = f"{shop_id}/{refund_id}/{uuid7().hex}"
    command = StartAdvancePayout(
        ticket_id=refund_id,
        payout_key=payout_key,
        payee=seal_payee(seal, payee_in(body.payee), payout_key),
        note=body.note,
        requested_by=call.caller.actor.id,
    )
    return await _decide(call, shop_id, command, key=key, if_match=if_match, created=True)


@router.post(
    f"{_PAYOUTS}/{{payout_id}}/approve",
    name="approve_advance_payout",
    summary="Approve an advance payout another person asked for",
    response_model=Ticket,
    responses=decision_problems(
        "idempotency_key_required",
        "payout_not_found",
        "payout_not_awaiting_approval",
        "payout_approved_by_requester",
    ),
)
async def approve_advance_payout(
    shop_id: ShopId,
    refund_id: RefundId,
    payout_id: PayoutId,
    call: CustomerService,
    key: RequiredIdempotencyKey,
    if_match: IfMatch = None,
) -> Response:
    """Let a payout go that needs two persons: the key that asked for it cannot."""
    command = ApproveAdvancePayout(
        ticket_id=refund_id,
        payout_key=f"{shop_id}/{refund_id}/{payout_id}",
        approved_by=call.caller.actor.id,
    )
    return await _decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{_PAYOUTS}/{{payout_id}}/decline",
    name="decline_advance_payout",
    summary="Decline an advance payout that waits for approval",
    response_model=Ticket,
    responses=decision_problems(
        "idempotency_key_required", "payout_not_found", "payout_not_awaiting_approval"
    ),
)
async def decline_advance_payout(
    shop_id: ShopId,
    refund_id: RefundId,
    payout_id: PayoutId,
    body: DeclineAdvancePayoutBody,
    call: CustomerService,
    key: RequiredIdempotencyKey,
    if_match: IfMatch = None,
) -> Response:
    """Do not let a payout go, or take one's own request back; another may follow."""
    command = DeclineAdvancePayout(
        ticket_id=refund_id,
        payout_key=f"{shop_id}/{refund_id}/{payout_id}",
        declined_by=call.caller.actor.id,
        note=body.note,
    )
    return await _decide(call, shop_id, command, key=key, if_match=if_match)


async def _decide(
    call: RequestContext,
    shop_id: str,
    command: PayoutDecision,
    *,
    key: str,
    if_match: str | None,
    created: bool = False,
) -> Response:
    answer = await call.command(
        shop_id,
        order_id_of(command.ticket_id),
        command,
        render=showing(command.ticket_id),
        key=key,
        if_match=if_match,
        created=created,
        not_found="ticket_not_found",
    )
    _log.info(
        "advance_payout_decision",
        decision=type(command).__name__,
        payout_key=command.payout_key,
        status=answer.status_code,
    )
    return answer
