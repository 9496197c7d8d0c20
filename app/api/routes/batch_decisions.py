"""Decisions on many tickets at once."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic_core import to_json

from app.access.scopes import Scope
from app.api.batch_decisions import decide_each
from app.api.problems.problem_responses import WITH_BODY, problems
from app.api.request_context import RequestContext, RequiredIdempotencyKey, ShopId, allow
from app.api.strict_request import StrictRoute
from app.api.wire.batch_decisions import BatchDecisionsBody, BatchDecisionsResult
from app.event_store.recorded_event import Role

router = APIRouter(route_class=StrictRoute, tags=["tickets"])

Merchant = Annotated[RequestContext, allow(Scope.TICKETS_WRITE, Role.MERCHANT)]


@router.post(
    "/v1/shops/{shop_id}/tickets/batch-decisions",
    name="decide_tickets",
    summary="Decide on up to 100 tickets",
    response_model=BatchDecisionsResult,
    responses=problems(*WITH_BODY, "idempotency_key_required"),
)
async def decide_tickets(
    shop_id: ShopId, body: BatchDecisionsBody, call: Merchant, key: RequiredIdempotencyKey
) -> Response:
    """Decide on several tickets; each has a result of its own, none fails because of another.

    A result has the ticket, or the problem its decision would have met alone, with the same codes.
    A ticket may be named once: a second decision on it is refused with `ticket_repeated`, 422.

    The key counts for each ticket by itself. Repeating the batch under it gives what was done, and
    what was refused for good, as it was (`replayed`); what was stale, not found or failed is tried
    again. Another decision on the same ticket under the same key is `idempotency_key_reused`. The
    answer as a whole is `Idempotency-Replayed` if every result in it is.
    """
    results = await decide_each(call, shop_id, body.items, key)
    headers = {"Content-Language": call.language.value}
    if all(result["replayed"] for result in results):
        headers["Idempotency-Replayed"] = "true"
    return Response(to_json({"results": results}), 200, headers, "application/json")
