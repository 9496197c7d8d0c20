"""Tickets (售后单): looked at and decided."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response

from app.access.scopes import Scope
from app.api.calls import (
    Call,
    IdempotencyKeyHeader,
    IfMatch,
    Render,
    RequiredIdempotencyKey,
    ShopId,
    TicketId,
    allow,
)
from app.api.declared import command_problems, problems
from app.api.problems import ProblemError
from app.api.strict_request import StrictRoute
from app.api.wire.tickets import RejectApplicationBody, Ticket, ticket_on_wire
from app.domain.order.commands import (
    AgreeToApplication,
    RecordRefundSuccess,
    RejectApplication,
    TicketDecision,
    WithdrawApplication,
)
from app.event_store.recorded import Role
from app.read_models.order_queries import fetch_order
from app.read_models.order_view import OrderView
from app.read_models.ticket_list import order_id_of

router = APIRouter(route_class=StrictRoute, tags=["tickets"])

TicketReader = Annotated[
    Call, allow(Scope.ORDERS_READ, Role.MERCHANT, Role.PLATFORM, Role.CONSUMER)
]
Applicant = Annotated[Call, allow(Scope.TICKETS_WRITE, Role.CONSUMER)]
Merchant = Annotated[Call, allow(Scope.TICKETS_WRITE, Role.MERCHANT)]
Finance = Annotated[Call, allow(Scope.REFUNDS_WRITE, Role.PLATFORM)]

_PATH = "/v1/shops/{shop_id}/tickets/{ticket_id}"
_DECISION_PROBLEMS = ("transition_not_allowed", "version_stale")


@router.get(
    _PATH,
    name="get_ticket",
    summary="Get a ticket",
    response_model=Ticket,
    responses=problems("ticket_not_found"),
)
async def get_ticket(shop_id: ShopId, ticket_id: TicketId, call: TicketReader) -> Response:
    """Show a ticket; what was just written is always shown."""
    services = call.services
    order = await fetch_order(
        services.resources.pool, services.codec, shop_id, order_id_of(ticket_id)
    )
    ticket = None if order is None else order.ticket(ticket_id)
    if ticket is None or not call.caller.may_see_buyer(ticket.buyer_id):
        raise ProblemError("ticket_not_found")
    return call.json(ticket_on_wire(ticket), etag=ticket.version)


@router.post(
    f"{_PATH}/withdraw",
    name="withdraw_application",
    summary="Take an application back",
    response_model=Ticket,
    responses=command_problems(*_DECISION_PROBLEMS, not_found="ticket_not_found"),
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
    return await _decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{_PATH}/agree",
    name="agree_to_application",
    summary="Agree to an application",
    response_model=Ticket,
    responses=command_problems(*_DECISION_PROBLEMS, not_found="ticket_not_found"),
)
async def agree_to_application(
    shop_id: ShopId,
    ticket_id: TicketId,
    call: Merchant,
    key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Grant what a ticket asks for."""
    command = AgreeToApplication(ticket_id=ticket_id)
    return await _decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{_PATH}/reject",
    name="reject_application",
    summary="Reject an application",
    response_model=Ticket,
    responses=command_problems(*_DECISION_PROBLEMS, not_found="ticket_not_found"),
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
        evidence=tuple(body.evidence),
    )
    return await _decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{_PATH}/refund-success",
    name="record_refund_success",
    summary="Report that a ticket's money reached the buyer",
    response_model=Ticket,
    responses=command_problems(
        "idempotency_key_required", *_DECISION_PROBLEMS, not_found="ticket_not_found"
    ),
)
async def record_refund_success(
    shop_id: ShopId,
    ticket_id: TicketId,
    call: Finance,
    key: RequiredIdempotencyKey,
    if_match: IfMatch = None,
) -> Response:
    """Take note that finance paid a refund; the ticket has succeeded."""
    command = RecordRefundSuccess(ticket_id=ticket_id)
    return await _decide(call, shop_id, command, key=key, if_match=if_match)


async def _decide(
    call: Call, shop_id: str, command: TicketDecision, *, key: str | None, if_match: str | None
) -> Response:
    return await call.command(
        shop_id,
        order_id_of(command.ticket_id),
        command,
        render=_ticket(command.ticket_id),
        key=key,
        if_match=if_match,
        not_found="ticket_not_found",
    )


def _ticket(ticket_id: str) -> Render:
    def render(view: OrderView, _now: datetime) -> Ticket:
        ticket = view.ticket(ticket_id)
        assert ticket is not None  # noqa: S101 - a decision was taken on it
        return ticket_on_wire(ticket)

    return render
