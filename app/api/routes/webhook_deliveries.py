"""Deliveries to webhook endpoints: what became of them, and having them made again."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Response

from app.api.calls import Call
from app.api.cursors import (
    CURSOR_LENGTH_MAX,
    after_of,
    cursor_of,
    place_cursor_of,
    place_of,
)
from app.api.declared import WITH_BODY, problems
from app.api.owned_routes import owned_routes
from app.api.problems import ProblemError
from app.api.webhook_calls import (
    EndpointId,
    WebhookReader,
    WebhookWriter,
    endpoint_of,
    owner_of,
    present_of,
    shown_body,
    uuid_in_cursor,
)
from app.api.wire.common import Id, RequestModel
from app.api.wire.webhook_deliveries import (
    QueuedTest,
    RecoverDeliveriesBody,
    RecoveredDeliveries,
    ReplayedEvents,
    ReplayEventsBody,
    WebhookDelivery,
    WebhookDeliveryDetail,
    WebhookDeliveryPage,
    WebhookEndpointHealth,
    delivery_on_wire,
    detail_on_wire,
    health_on_wire,
)
from app.event_store.registry import event_codec
from app.read_models.paging import After
from app.webhooks.catalog.event_types import EventType
from app.webhooks.deliveries.claims import DeliveryKey
from app.webhooks.deliveries.notices import send_test
from app.webhooks.deliveries.reading import (
    Delivery,
    DeliveryFilters,
    fetch_body,
    fetch_delivery,
    fetch_health,
    list_attempts,
    list_deliveries,
)
from app.webhooks.deliveries.replaying import Replay, ReplayPlace
from app.webhooks.deliveries.requeueing import recover, resend
from app.webhooks.deliveries.states import DeliveryState
from app.webhooks.endpoints.endpoint import Endpoint

routes = owned_routes("webhooks")
router = routes.router

ENDPOINT = "/webhook-endpoints/{endpoint_id}"
DELIVERIES = f"{ENDPOINT}/deliveries"
ONE = f"{DELIVERIES}/{{delivery_id}}"

DeliveryId = Annotated[UUID, Path(description="The delivery: the `webhook-id` it is sent with.")]

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
    delivery = await _delivery_of(call, endpoint_id, delivery_id)
    attempts = await list_attempts(pool, _key(endpoint_id, delivery))
    body = shown_body(call, endpoint, await fetch_body(pool, delivery))
    return call.json(detail_on_wire(delivery, body, attempts))


@routes.route(
    "POST",
    f"{ONE}/resend",
    verb="resend",
    noun="webhook_delivery",
    summary="Send a delivery again",
    response_model=WebhookDelivery,
    status_code=202,
    responses=problems(_NOT_FOUND, "webhook_delivery_not_found", "webhook_endpoint_disabled"),
)
async def resend_delivery(
    endpoint_id: EndpointId, delivery_id: DeliveryId, call: WebhookWriter
) -> Response:
    """Send it now, under its own id, whatever became of it; its schedule begins anew."""
    pool = call.services.resources.pool
    await _enabled(call, endpoint_id)
    delivery = await _delivery_of(call, endpoint_id, delivery_id)
    now, _ = await present_of(call)
    await resend(pool, _key(endpoint_id, delivery), now)
    answer = call.json(delivery_on_wire(await _delivery_of(call, endpoint_id, delivery_id)))
    answer.status_code = 202
    return answer


@routes.route(
    "POST",
    f"{ENDPOINT}/recover",
    verb="recover",
    noun="webhook_deliveries",
    summary="Send everything again that failed",
    response_model=RecoveredDeliveries,
    status_code=202,
    responses=problems(*WITH_BODY, _NOT_FOUND, "webhook_endpoint_disabled"),
)
async def recover_deliveries(
    endpoint_id: EndpointId, body: RecoverDeliveriesBody, call: WebhookWriter
) -> Response:
    """Send again what was given up since an instant; what is still being tried goes on as it is.

    At most 100,000 at a time. In order, if the endpoint is ordered.
    """
    endpoint = await _enabled(call, endpoint_id)
    now, _ = await present_of(call)
    recovered, complete = await recover(
        call.services.resources.pool,
        endpoint_id,
        owner_of(call).partitions,
        since=body.since,
        now=now,
        ordered=endpoint.ordered,
    )
    answer = call.json(RecoveredDeliveries(recovered=recovered, complete=complete))
    answer.status_code = 202
    return answer


@routes.route(
    "POST",
    f"{ENDPOINT}/replay",
    verb="replay",
    noun="webhook_events",
    summary="Send what an endpoint missed",
    response_model=ReplayedEvents,
    status_code=202,
    responses=problems(*WITH_BODY, _NOT_FOUND, "webhook_endpoint_disabled", "cursor_invalid"),
)
async def replay_events(
    endpoint_id: EndpointId, body: ReplayEventsBody, call: WebhookWriter
) -> Response:
    """Send what happened since an instant and was never queued for the endpoint.

    That is what happened while it was disabled, not yet there, or of a type it did not want. Reads
    up to 5,000 events of the log; `next_cursor` says that there is more.
    """
    await _enabled(call, endpoint_id)
    now, test_mode = await present_of(call)
    replay = Replay(
        pool=call.services.resources.pool,
        codec=event_codec(),
        endpoint_id=endpoint_id,
        since=body.since,
        now=now,
        own_clock=test_mode,
    )
    partitions, place = owner_of(call).partitions, place_of(body.cursor)
    if place is not None and place[0] not in partitions:
        raise ProblemError("cursor_invalid")
    begin = None if place is None else ReplayPlace(partition_id=place[0], position=place[1])
    done = await replay.run(partitions, begin)
    after = None if done.next is None else (done.next.partition_id, done.next.position)
    answer = call.json(
        ReplayedEvents(
            queued=done.queued, events_read=done.events_read, next_cursor=place_cursor_of(after)
        )
    )
    answer.status_code = 202
    return answer


@routes.route(
    "POST",
    f"{ENDPOINT}/test",
    verb="test",
    noun="webhook_endpoint",
    summary="Send an endpoint a test",
    response_model=QueuedTest,
    status_code=202,
    responses=problems(_NOT_FOUND, "webhook_endpoint_disabled"),
)
async def post_test(endpoint_id: EndpointId, call: WebhookWriter) -> Response:
    """Send a `webhook.test`, whatever types the endpoint wants: a delivery like any other."""
    endpoint = await _enabled(call, endpoint_id)
    now, test_mode = await present_of(call)
    pool = call.services.resources.pool
    message_id = await send_test(pool, endpoint, now, test_mode=test_mode)
    answer = call.json(QueuedTest(delivery_id=str(message_id)))
    answer.status_code = 202
    return answer


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


async def _enabled(call: Call, endpoint_id: UUID) -> Endpoint:
    """Return an endpoint that is sent to, or the problem that it is not."""
    endpoint = await endpoint_of(call, endpoint_id)
    if endpoint.disabled is not None:
        raise ProblemError("webhook_endpoint_disabled")
    return endpoint


async def _delivery_of(call: Call, endpoint_id: UUID, delivery_id: UUID) -> Delivery:
    await endpoint_of(call, endpoint_id)
    partitions, pool = owner_of(call).partitions, call.services.resources.pool
    delivery = await fetch_delivery(pool, endpoint_id, partitions, delivery_id)
    if delivery is None:
        raise ProblemError("webhook_delivery_not_found")
    return delivery


def _key(endpoint_id: UUID, delivery: Delivery) -> DeliveryKey:
    return DeliveryKey(
        partition_id=delivery.partition_id,
        endpoint_id=endpoint_id,
        message_id=delivery.message_id,
    )
