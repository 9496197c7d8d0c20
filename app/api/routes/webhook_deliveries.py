"""Deliveries to webhook endpoints: what became of them."""

from typing import Annotated

from fastapi import Query, Response

from app.api.cursors import (
    CURSOR_LENGTH_MAX,
    after_of,
    cursor_of,
)
from app.api.problems.problem_responses import problems
from app.api.shop_and_platform_routes import owned_routes
from app.api.webhook_calls import (
    DeliveryId,
    EndpointId,
    WebhookReader,
    delivery_of,
    endpoint_of,
    key_of,
    owner_of,
    shown_body,
    uuid_in_cursor,
)
from app.api.wire.common import Id, RequestModel
from app.api.wire.webhook_deliveries import (
    WebhookDeliveryDetail,
    WebhookDeliveryPage,
    WebhookEndpointHealth,
    delivery_on_wire,
    detail_on_wire,
    health_on_wire,
)
from app.projections.paging import After
from app.reactions.public_types import EventType
from app.webhooks.deliveries.reading import (
    DeliveryFilters,
    fetch_body,
    fetch_health,
    list_attempts,
    list_deliveries,
)
from app.webhooks.deliveries.states import DeliveryState

routes = owned_routes("webhooks")
router = routes.router

ENDPOINT = "/webhook-endpoints/{endpoint_id}"
DELIVERIES = f"{ENDPOINT}/deliveries"
ONE = f"{DELIVERIES}/{{delivery_id}}"

_CURSOR = "webhook-deliveries"
_NOT_FOUND = "webhook_endpoint_not_found"


class DeliveryQuery(RequestModel):
    """Which page of which deliveries."""

    state: DeliveryState | None = None
    type: EventType | None = None
    order_id: Id | None = None
    cursor: Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX)] = None
    """`next_cursor` of the page before."""
    limit: Annotated[int, Query(ge=1, le=200)] = 50


@routes.route(
    "GET",
    DELIVERIES,
    verb="list",
    noun="webhook_deliveries",
    summary="List what was and is to be sent to an endpoint",
    response_model=WebhookDeliveryPage,
    responses=problems(_NOT_FOUND, "cursor_invalid"),
)
async def get_deliveries(
    endpoint_id: EndpointId, query: Annotated[DeliveryQuery, Query()], call: WebhookReader
) -> Response:
    """List deliveries, the newest first, by state, type or order. They are kept for a month."""
    await endpoint_of(call, endpoint_id)
    after = after_of(query.cursor, _CURSOR)
    found = await list_deliveries(
        call.services.resources.engine,
        endpoint_id,
        owner_of(call).partitions,
        DeliveryFilters(
            state=query.state,
            type=None if query.type is None else query.type.value,
            order_id=query.order_id,
        ),
        after=None if after is None else (after.at, uuid_in_cursor(after.id)),
        limit=query.limit + 1,
    )
    last = found[query.limit - 1] if len(found) > query.limit else None
    place = None if last is None else After(last.created_at, str(last.message_id))
    page = WebhookDeliveryPage(
        deliveries=[delivery_on_wire(one) for one in found[: query.limit]],
        next_cursor=cursor_of(place, _CURSOR),
    )
    return call.json(page)


@routes.route(
    "GET",
    ONE,
    verb="get",
    noun="webhook_delivery",
    summary="Get a delivery with its attempts",
    response_model=WebhookDeliveryDetail,
    responses=problems(_NOT_FOUND, "webhook_delivery_not_found"),
)
async def get_delivery(
    endpoint_id: EndpointId, delivery_id: DeliveryId, call: WebhookReader
) -> Response:
    """Show what is sent, and of each attempt its status, latency and the first of the answer."""
    pool = call.services.resources.pool
    endpoint = await endpoint_of(call, endpoint_id)
    delivery = await delivery_of(call, endpoint_id, delivery_id)
    attempts = await list_attempts(pool, key_of(endpoint_id, delivery))
    body = shown_body(call, endpoint, await fetch_body(pool, delivery))
    return call.json(detail_on_wire(delivery, body, attempts))


@routes.route(
    "GET",
    f"{ENDPOINT}/health",
    verb="get",
    noun="webhook_endpoint_health",
    summary="How an endpoint does",
    response_model=WebhookEndpointHealth,
    responses=problems(_NOT_FOUND),
)
async def get_health(endpoint_id: EndpointId, call: WebhookReader) -> Response:
    """Show what is pending, how often attempts succeed, how long they take, and since when not."""
    endpoint = await endpoint_of(call, endpoint_id)
    pool = call.services.resources.pool
    health = await fetch_health(pool, endpoint_id, owner_of(call).partitions)
    return call.json(health_on_wire(endpoint, health))
