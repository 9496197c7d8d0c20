"""Deliveries to webhook endpoints, and how well an endpoint works."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import Query, Response
from pydantic import ConfigDict, StringConstraints

from app.api.cursors import (
    CURSOR_LENGTH_MAX,
    after_of,
    cursor_of,
)
from app.api.request_context import RequestContext
from app.api.resources import examples
from app.api.resources.common import Id, Instant, RequestModel, ResponseModel, Version
from app.api.resources.webhooks.context import (
    DeliveryId,
    EndpointId,
    delivery_of,
    endpoint_of,
    key_of,
    owner_of,
    shown_body,
    uuid_in_cursor,
)
from app.projections.paging import After
from app.reactions.public_types import EventType
from app.webhooks.deliveries import reading
from app.webhooks.deliveries.reading import (
    DeliveryFilters,
    fetch_body,
    fetch_health,
    list_attempts,
    list_deliveries,
)
from app.webhooks.deliveries.tables import DeliveryState, latency_at
from app.webhooks.endpoints.endpoint import Endpoint

ReplayCursor = Annotated[str, StringConstraints(max_length=300)]


class RecoverDeliveriesBody(RequestModel):
    """From when on."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.RECOVER_DELIVERIES]})

    since: Instant
    """Of what was queued at or after this instant."""


class ReplayEventsBody(RequestModel):
    """From when on, and where an earlier answer said to go on."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REPLAY_EVENTS]})

    since: Instant
    """Of what happened at or after this instant."""
    cursor: ReplayCursor | None = None
    """`next_cursor` of the answer before."""


class WebhookDelivery(ResponseModel):
    """A message for an endpoint, and the state of its delivery."""

    delivery_id: str
    """Sent as `webhook-id`, the same at every attempt; also the event's id, in its body and in the
    feed."""
    type: str
    shop_id: str | None
    """Null for a test of an endpoint of the platform."""
    order_id: str | None
    cause: str
    """`event`, `replay` (asked for as missed) or `test`; more may come."""
    state: str
    """`waiting` (another of its order comes first), `queued`, `delivered` or `failed` (given up
    after the last attempt); more may come."""
    attempts: int
    next_attempt_at: datetime | None
    """When it is due, or was, if it is queued."""
    last_status: int | None
    """HTTP status of the latest attempt; null if there was none."""
    last_outcome: str | None
    """How the latest attempt ended; see the attempts."""
    created_at: datetime
    settled_at: datetime | None


class WebhookDeliveryPage(ResponseModel):
    """Deliveries, the newest first."""

    deliveries: list[WebhookDelivery]
    next_cursor: str | None


class WebhookAttempt(ResponseModel):
    """How an attempt ended."""

    attempt: int
    at: datetime
    outcome: str
    """`delivered`, `redirected`, `gone`, `throttled`, `answered_with_failure`, `timed_out`,
    `connection_lost`, `connect_failed`, `tls_failed`, `name_not_resolved`, `address_refused` or
    `url_refused`; more may come."""
    detail: str | None
    """How far it came, or what was wrong with the certificate or the URL."""
    status: int | None
    latency_ms: int
    answer: str | None
    """The beginning of what was answered."""


class WebhookDeliveryDetail(WebhookDelivery):
    """A delivery with its latest attempts, and what is sent."""

    body: str | None
    """Exactly what is signed and sent now; null if it is kept no longer. To keys without
    `orders:read` it is shown without `data.personal`."""
    latest_attempts: list[WebhookAttempt]
    """The newest first, 50 at most."""


class QueuedTest(ResponseModel):
    """A test that was queued."""

    delivery_id: str


class RecoveredDeliveries(ResponseModel):
    """What is sent again."""

    recovered: int
    """How many deliveries had failed, and are queued now."""
    complete: bool
    """False if there are more: ask again."""


class ReplayedEvents(ResponseModel):
    """What was missed, and is queued now."""

    queued: int
    """How many deliveries are new."""
    events_read: int
    """How much of the log was read for it."""
    next_cursor: str | None
    """Ask again with it to go on; null when the log's end is reached."""


class WebhookEndpointHealth(ResponseModel):
    """How an endpoint does. Counts are since it was made."""

    enabled: bool
    disabled_reason: str | None
    pending: Version
    """Deliveries still to be made."""
    oldest_pending_at: datetime | None
    delivered: Version
    given_up: Version
    attempts_failed: Version
    success_rate: float | None
    """Of all attempts, those that succeeded; null if there were none."""
    latency_ms_median: int | None
    """Of all attempts, to the next of some fixed bounds; null if there were none."""
    latency_ms_95th: int | None
    failing_since: datetime | None
    """The first failure since the latest success; after 5 days the endpoint is disabled."""
    last_success_at: datetime | None
    last_failure_at: datetime | None


def delivery_on_wire(delivery: reading.Delivery) -> WebhookDelivery:
    """Show a delivery."""
    queued = delivery.state is DeliveryState.QUEUED
    return WebhookDelivery(
        delivery_id=str(delivery.message_id),
        type=delivery.type,
        shop_id=delivery.shop_id or None,
        order_id=delivery.order_id,
        cause=delivery.cause.value,
        state=delivery.state.value,
        attempts=delivery.attempts,
        next_attempt_at=delivery.due_at if queued else None,
        last_status=delivery.last_status,
        last_outcome=delivery.last_outcome,
        created_at=delivery.created_at,
        settled_at=delivery.settled_at,
    )


def detail_on_wire(
    delivery: reading.Delivery, body: str | None, attempts: Sequence[reading.KeptAttempt]
) -> WebhookDeliveryDetail:
    """Show a delivery with its attempts."""
    return WebhookDeliveryDetail(
        **dict(delivery_on_wire(delivery)),
        body=body,
        latest_attempts=[
            WebhookAttempt(
                attempt=one.attempt,
                at=one.at,
                outcome=one.outcome,
                detail=one.detail,
                status=one.status,
                latency_ms=one.latency_ms,
                answer=one.answer,
            )
            for one in attempts
        ],
    )


def health_on_wire(endpoint: Endpoint, health: reading.EndpointHealth) -> WebhookEndpointHealth:
    """Show how an endpoint does."""
    attempts = sum(health.latency_counts)
    rate = None if attempts == 0 else 1 - health.attempts_failed / attempts
    return WebhookEndpointHealth(
        enabled=endpoint.disabled is None,
        disabled_reason=None if endpoint.disabled is None else endpoint.disabled.reason.value,
        pending=health.pending,
        oldest_pending_at=health.oldest_pending_at,
        delivered=health.delivered,
        given_up=health.given_up,
        attempts_failed=health.attempts_failed,
        success_rate=rate,
        latency_ms_median=latency_at(0.5, health.latency_counts),
        latency_ms_95th=latency_at(0.95, health.latency_counts),
        failing_since=health.failing_since,
        last_success_at=health.last_success_at,
        last_failure_at=health.last_failure_at,
    )


_CURSOR = "webhook-deliveries"


class DeliveryQuery(RequestModel):
    """Which page of which deliveries."""

    state: DeliveryState | None = None
    type: EventType | None = None
    order_id: Id | None = None
    cursor: Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX)] = None
    """`next_cursor` of the page before."""
    limit: Annotated[int, Query(ge=1, le=200)] = 50


async def get_deliveries(
    endpoint_id: EndpointId, query: Annotated[DeliveryQuery, Query()], call: RequestContext
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


async def get_delivery(
    endpoint_id: EndpointId, delivery_id: DeliveryId, call: RequestContext
) -> Response:
    """Show what is sent, and of each attempt its status, latency and the first of the answer."""
    pool = call.services.resources.pool
    endpoint = await endpoint_of(call, endpoint_id)
    delivery = await delivery_of(call, endpoint_id, delivery_id)
    attempts = await list_attempts(pool, key_of(endpoint_id, delivery))
    body = shown_body(call, endpoint, await fetch_body(pool, delivery))
    return call.json(detail_on_wire(delivery, body, attempts))


async def get_health(endpoint_id: EndpointId, call: RequestContext) -> Response:
    """Show what is pending, how often attempts succeed, how long they take, and since when not."""
    endpoint = await endpoint_of(call, endpoint_id)
    pool = call.services.resources.pool
    health = await fetch_health(pool, endpoint_id, owner_of(call).partitions)
    return call.json(health_on_wire(endpoint, health))
