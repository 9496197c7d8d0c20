"""The consumer's applications: each creates a ticket."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response

from app.access.scopes import Scope
from app.api.problems.problem_responses import ATTACHMENT_REFUSALS, command_problems
from app.api.request_context import OrderId, RequestContext, RequiredIdempotencyKey, ShopId, allow
from app.api.strict_request import StrictRoute
from app.api.wire.applications import RequestGoodsBody, RequestRefundBody, requested_items
from app.api.wire.attachments import attachments_in
from app.api.wire.tickets import Ticket, ticket_on_wire
from app.domain.order.applications import (
    RequestExchange,
    RequestRefund,
    RequestReissue,
    RequestRepair,
)
from app.event_store.recorded_event import Role
from app.projections.orders.view import OrderView

router = APIRouter(route_class=StrictRoute, tags=["applications"])

Applicant = Annotated[RequestContext, allow(Scope.TICKETS_WRITE, Role.CONSUMER)]

_REFUSALS = (
    "idempotency_key_required",
    "entry_not_open",
    "application_limit_reached",
    "ticket_already_active",
    "item_not_in_order",
    "item_repeated",
    "quantity_exceeded",
    "amount_exceeds_refundable",
    "reason_not_for_type",
    *ATTACHMENT_REFUSALS,
)
_ORDER = "/v1/shops/{shop_id}/orders/{order_id}"


@router.post(
    f"{_ORDER}/refund-requests",
    name="request_refund",
    summary="Apply for money back, with or without return",
    response_model=Ticket,
    status_code=201,
    responses=command_problems(*_REFUSALS, "nothing_requested"),
)
async def request_refund(
    shop_id: ShopId,
    order_id: OrderId,
    body: RequestRefundBody,
    call: Applicant,
    key: RequiredIdempotencyKey,
) -> Response:
    """Apply for a refund. Past the period this needs an opened entry, and the ticket is labelled.

    In the period an order takes 5 applications; through an opened entry they are not counted.
    """
    command = RequestRefund(
        items=requested_items(body.items),
        return_goods=body.return_goods,
        reason=body.reason,
        description=body.description,
        evidence=attachments_in(body.evidence),
    )
    return await call.command(
        shop_id, order_id, command, render=_newest_ticket, created=True, key=key
    )


@router.post(
    f"{_ORDER}/exchange-requests",
    name="request_exchange",
    summary="Apply for an exchange",
    response_model=Ticket,
    status_code=201,
    responses=command_problems(*_REFUSALS),
)
async def request_exchange(
    shop_id: ShopId,
    order_id: OrderId,
    body: RequestGoodsBody,
    call: Applicant,
    key: RequiredIdempotencyKey,
) -> Response:
    """Apply for goods to be exchanged: they go back, others come."""
    command = RequestExchange(
        items=requested_items(body.items),
        reason=body.reason,
        description=body.description,
        evidence=attachments_in(body.evidence),
    )
    return await call.command(
        shop_id, order_id, command, render=_newest_ticket, created=True, key=key
    )


@router.post(
    f"{_ORDER}/reissue-requests",
    name="request_reissue",
    summary="Apply for missing goods to be sent",
    response_model=Ticket,
    status_code=201,
    responses=command_problems(*_REFUSALS),
)
async def request_reissue(
    shop_id: ShopId,
    order_id: OrderId,
    body: RequestGoodsBody,
    call: Applicant,
    key: RequiredIdempotencyKey,
) -> Response:
    """Apply for goods to be sent again; nothing goes back."""
    command = RequestReissue(
        items=requested_items(body.items),
        reason=body.reason,
        description=body.description,
        evidence=attachments_in(body.evidence),
    )
    return await call.command(
        shop_id, order_id, command, render=_newest_ticket, created=True, key=key
    )


@router.post(
    f"{_ORDER}/repair-requests",
    name="request_repair",
    summary="Apply for a repair",
    response_model=Ticket,
    status_code=201,
    responses=command_problems(*_REFUSALS),
)
async def request_repair(
    shop_id: ShopId,
    order_id: OrderId,
    body: RequestGoodsBody,
    call: Applicant,
    key: RequiredIdempotencyKey,
) -> Response:
    """Apply for goods to be repaired: they go back and return."""
    command = RequestRepair(
        items=requested_items(body.items),
        reason=body.reason,
        description=body.description,
        evidence=attachments_in(body.evidence),
    )
    return await call.command(
        shop_id, order_id, command, render=_newest_ticket, created=True, key=key
    )


def _newest_ticket(view: OrderView, _now: datetime) -> Ticket:
    return ticket_on_wire(view.tickets[-1])
