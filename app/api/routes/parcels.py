"""Goods on their way: the buyer's return, and what the merchant sends."""

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
from app.api.wire.attachments import attachments_in
from app.api.wire.costs import AcknowledgeCostBody
from app.api.wire.decisions import (
    ExtendReturnDeadlineBody,
    ParcelBody,
    RejectReturnedGoodsBody,
    shipment_in,
)
from app.api.wire.tickets import Ticket
from app.domain.order.replacements import ConfirmReplacementReceipt, ShipReplacement
from app.domain.order.returns import (
    ConfirmReturnReceipt,
    CorrectReturnShipment,
    ExtendReturnDeadline,
    RejectReturnedGoods,
    ShipGoodsBack,
)
from app.event_store.recorded_event import Role

router = APIRouter(route_class=StrictRoute, tags=["parcels"])

Buyer = Annotated[RequestContext, allow(Scope.TICKETS_WRITE, Role.CONSUMER)]
Merchant = Annotated[RequestContext, allow(Scope.TICKETS_WRITE, Role.MERCHANT)]


@router.post(
    f"{TICKET_PATH}/ship-back",
    name="ship_goods_back",
    summary="Send the goods back",
    response_model=Ticket,
    responses=decision_problems("return_not_awaited", "tracking_number_invalid"),
)
async def ship_goods_back(
    shop_id: ShopId,
    ticket_id: TicketId,
    body: ParcelBody,
    call: Buyer,
    key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Tell how the goods come back; the merchant has ten days to confirm or reject them."""
    command = ShipGoodsBack(ticket_id=ticket_id, shipment=shipment_in(body))
    return await decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{TICKET_PATH}/correct-return",
    name="correct_return_shipment",
    summary="Correct carrier or tracking number of a return",
    response_model=Ticket,
    responses=decision_problems(
        "return_not_under_way", "return_shipment_already_corrected", "tracking_number_invalid"
    ),
)
async def correct_return_shipment(
    shop_id: ShopId,
    ticket_id: TicketId,
    body: ParcelBody,
    call: Buyer,
    key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Correct what was said of the parcel, once; the merchant's deadline stays."""
    command = CorrectReturnShipment(ticket_id=ticket_id, shipment=shipment_in(body))
    return await decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{TICKET_PATH}/extend-return",
    name="extend_return_deadline",
    summary="Give the buyer more time for the return",
    response_model=Ticket,
    responses=decision_problems(
        "idempotency_key_required",
        "return_not_awaited",
        "return_extension_limit_reached",
        "return_extension_too_long",
    ),
)
async def extend_return_deadline(
    shop_id: ShopId,
    ticket_id: TicketId,
    body: ExtendReturnDeadlineBody,
    call: Merchant,
    key: RequiredIdempotencyKey,
    if_match: IfMatch = None,
) -> Response:
    """Add days to the buyer's deadline, twice at most."""
    command = ExtendReturnDeadline(ticket_id=ticket_id, days=body.days)
    return await decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{TICKET_PATH}/confirm-return",
    name="confirm_return_receipt",
    summary="Confirm the returned goods",
    response_model=Ticket,
    responses=decision_problems("return_not_under_way"),
)
async def confirm_return_receipt(
    shop_id: ShopId,
    ticket_id: TicketId,
    call: Merchant,
    body: AcknowledgeCostBody | None = None,
    key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Take the returned goods as they are: the refund follows, or the merchant's parcel.

    With a body, the cost as it is now is noted as acknowledged.
    """
    command = ConfirmReturnReceipt(ticket_id=ticket_id, cost_acknowledged=body is not None)
    return await decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{TICKET_PATH}/reject-return",
    name="reject_returned_goods",
    summary="Reject the returned goods",
    response_model=Ticket,
    responses=decision_problems(
        "return_not_under_way", "reason_not_for_decision", "evidence_required", *ATTACHMENT_REFUSALS
    ),
)
async def reject_returned_goods(
    shop_id: ShopId,
    ticket_id: TicketId,
    body: RejectReturnedGoodsBody,
    call: Merchant,
    key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Refuse what came back, for a coded reason and with at least one piece of evidence."""
    command = RejectReturnedGoods(
        ticket_id=ticket_id,
        reason=body.reason,
        note=body.note,
        evidence=attachments_in(body.evidence),
    )
    return await decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{TICKET_PATH}/ship-replacement",
    name="ship_replacement",
    summary="Ship the replacement, the reissued or the repaired goods",
    response_model=Ticket,
    responses=decision_problems("replacement_not_awaited", "tracking_number_invalid"),
)
async def ship_replacement(
    shop_id: ShopId,
    ticket_id: TicketId,
    body: ParcelBody,
    call: Merchant,
    key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Tell how the goods come to the buyer, who has seven days to confirm them."""
    command = ShipReplacement(ticket_id=ticket_id, shipment=shipment_in(body))
    return await decide(call, shop_id, command, key=key, if_match=if_match)


@router.post(
    f"{TICKET_PATH}/confirm-replacement",
    name="confirm_replacement_receipt",
    summary="Confirm the goods the merchant sent",
    response_model=Ticket,
    responses=decision_problems("replacement_not_under_way"),
)
async def confirm_replacement_receipt(
    shop_id: ShopId,
    ticket_id: TicketId,
    call: Buyer,
    key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Confirm that the goods have arrived; the ticket is completed."""
    command = ConfirmReplacementReceipt(ticket_id=ticket_id)
    return await decide(call, shop_id, command, key=key, if_match=if_match)
