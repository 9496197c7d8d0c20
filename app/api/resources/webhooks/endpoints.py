"""Webhook endpoints of a shop, and those of the platform, which hear of every shop."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from app.access.scopes import Scope
from app.api.cursors import CURSOR_LENGTH_MAX, after_of, cursor_of
from app.api.problems.problem import ProblemError
from app.api.request_context import (
    IdempotencyKeyHeader,
    IfMatch,
    RequestContext,
    RequiredIdempotencyKey,
)
from app.api.resources.webhooks.context import (
    EndpointId,
    changed_once,
    changing,
    endpoint_of,
    may_read_orders,
    owner_of,
    uuid_in_cursor,
)
from app.api.resources.webhooks.endpoint_models import (
    ChangeWebhookEndpointBody,
    CreateWebhookEndpointBody,
    WebhookEndpointChanges,
    WebhookEndpointPage,
    change_on_wire,
    endpoint_on_wire,
    settings_in,
    with_secret,
)
from app.command_handling.requests import Answer
from app.domain.webhook_endpoints import DisabledReason
from app.projections.paging import After
from app.webhooks.catalog.payload import LATEST, Inclusion
from app.webhooks.endpoint_rules import UrlFault, find_header_fault, read_endpoint_url
from app.webhooks.endpoints.endpoint import Endpoint, EndpointSecrets, EndpointSettings
from app.webhooks.endpoints.queries import list_changes, list_endpoints
from app.webhooks.endpoints.service import Change
from app.webhooks.sending import reach_of

CHANGES_MAX = 100

_CURSOR = "webhook-endpoints"

PageLimit = Annotated[int, Query(ge=1, le=200)]
PageCursor = Annotated[
    str | None,
    Query(max_length=CURSOR_LENGTH_MAX, description="`next_cursor` of the page before."),
]


async def create_endpoint(
    body: CreateWebhookEndpointBody, call: RequestContext, idempotency_key: RequiredIdempotencyKey
) -> Response:
    """Make an endpoint; events from now on are sent to it, signed by Standard Webhooks.

    The secret is shown in this answer only. The platform's endpoints hear of every shop.
    """
    settings = _acceptable(call, settings_in(body))
    api_version = body.api_version or LATEST

    async def make(change: Change) -> Answer:
        return _with_secret(call, 201, *await change.create(settings, api_version.value))

    return await changed_once(call, idempotency_key, make)


async def get_endpoints(
    call: RequestContext, cursor: PageCursor = None, limit: PageLimit = 50
) -> Response:
    """List endpoints, the first made first."""
    pool, after = call.services.resources.pool, after_of(cursor, _CURSOR)
    place = (datetime.min.replace(tzinfo=UTC), UUID(int=0))
    if after is not None:
        place = (after.at, uuid_in_cursor(after.id))
    found = await list_endpoints(pool, owner_of(call), after=place, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    page = WebhookEndpointPage(
        endpoints=[endpoint_on_wire(one) for one in found[:limit]],
        next_cursor=cursor_of(
            None if last is None else After(last.created_at, str(last.endpoint_id)), _CURSOR
        ),
    )
    return call.json(page)


async def get_endpoint(endpoint_id: EndpointId, call: RequestContext) -> Response:
    """Show an endpoint, and the reason if it is disabled."""
    endpoint = await endpoint_of(call, endpoint_id)
    return call.json(endpoint_on_wire(endpoint), etag=endpoint.version)


async def get_changes(endpoint_id: EndpointId, call: RequestContext) -> Response:
    """List the latest changes of an endpoint: who, when, and what the settings were then."""
    await endpoint_of(call, endpoint_id)
    pool = call.services.resources.pool
    changes = await list_changes(pool, owner_of(call), endpoint_id, limit=CHANGES_MAX)
    return call.json(WebhookEndpointChanges(changes=[change_on_wire(one) for one in changes]))


async def change_endpoint(
    endpoint_id: EndpointId,
    body: ChangeWebhookEndpointBody,
    call: RequestContext,
    if_match: IfMatch = None,
) -> Response:
    """Put settings in force, for what is queued too; what is queued stays queued."""
    settings = _acceptable(call, settings_in(body))
    async with changing(call, if_match) as change:
        endpoint = await change.change(endpoint_id, settings)
    return call.json(endpoint_on_wire(endpoint), etag=endpoint.version)


async def disable_endpoint(
    endpoint_id: EndpointId,
    call: RequestContext,
    idempotency_key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Stop sending. What is queued waits; what happens meanwhile can be replayed later."""

    async def make(change: Change) -> Answer:
        endpoint = await change.disable(endpoint_id, DisabledReason.BY_OWNER)
        return call.answer(endpoint_on_wire(endpoint), etag=endpoint.version)

    return await changed_once(call, idempotency_key, make, if_match)


async def enable_endpoint(
    endpoint_id: EndpointId,
    call: RequestContext,
    idempotency_key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Send what is queued and what happens from now on, whyever it was disabled.

    However it did before: what is due is sent at once.
    """

    async def make(change: Change) -> Answer:
        endpoint = await change.enable(endpoint_id)
        return call.answer(endpoint_on_wire(endpoint), etag=endpoint.version)

    return await changed_once(call, idempotency_key, make, if_match)


async def rotate_secret(
    endpoint_id: EndpointId,
    call: RequestContext,
    idempotency_key: RequiredIdempotencyKey,
    if_match: IfMatch = None,
) -> Response:
    """Sign with a new secret and a new key; for 24 hours with the old ones as well.

    The secret is shown in this answer only.
    """

    async def make(change: Change) -> Answer:
        return _with_secret(call, 200, *await change.rotate(endpoint_id))

    return await changed_once(call, idempotency_key, make, if_match)


async def delete_endpoint(
    endpoint_id: EndpointId, call: RequestContext, if_match: IfMatch = None
) -> Response:
    """Forget an endpoint, its secrets, and all that was and is to be sent to it."""
    async with changing(call, if_match) as change:
        await change.delete(endpoint_id)
    return Response(status_code=204)


def _with_secret(
    call: RequestContext, status: int, endpoint: Endpoint, secrets: EndpointSecrets
) -> Answer:
    return call.answer(with_secret(endpoint, secrets), status, etag=endpoint.version)


def _acceptable(call: RequestContext, settings: EndpointSettings) -> EndpointSettings:
    """Return settings as they are, or the problem of what cannot be, or is not the caller's to ask.

    Who may not read orders may not have what people wrote on them sent anywhere either.
    """
    if Inclusion.PERSONAL_DATA in settings.include and not may_read_orders(call):
        raise ProblemError("scope_missing", facts={"scope": Scope.ORDERS_READ.value})
    url = read_endpoint_url(settings.url, reach_of(call.services.resources.settings))
    if isinstance(url, UrlFault):
        raise ProblemError("webhook_url_refused", facts={"fault": url.value})
    fault = find_header_fault(settings.headers or {})
    if fault is not None:
        raise ProblemError("webhook_header_refused", facts={"fault": fault[0], "header": fault[1]})
    return settings
