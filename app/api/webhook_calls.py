"""Calls about an owner's webhook endpoints: whose, in which transaction, answered how often."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from app.access.scopes import Scope
from app.api.calls import Call, allow_owner, answer_response
from app.api.problems import ProblemError
from app.command_handling.requests import Answer, KeyReused
from app.command_handling.stored_answer import answer_from, stored_form
from app.event_store.idempotency import find_request, remember_request
from app.event_store.log import StoredRequest
from app.sealing import Seal
from app.webhooks.deliveries.targets import body_for
from app.webhooks.endpoints.changing import (
    ENDPOINTS_MAX,
    Change,
    EndpointChanged,
    EndpointNotFound,
    TooManyEndpoints,
)
from app.webhooks.endpoints.endpoint import Endpoint, Owner
from app.webhooks.endpoints.storing import fetch_endpoint
from app.webhooks.secrets import TooManyRotations

WebhookReader = Annotated[Call, allow_owner(Scope.WEBHOOKS_READ)]
WebhookWriter = Annotated[Call, allow_owner(Scope.WEBHOOKS_WRITE)]
EndpointId = Annotated[UUID, Path(description="The endpoint, as its creation named it.")]


def owner_of(call: Call) -> Owner:
    """Return whose endpoints a call is about: the shop in its path, or the platform."""
    return Owner(call.request.path_params.get("shop_id"))


async def present_of(call: Call) -> tuple[datetime, bool]:
    """Return when it is for the owner, and whether a test clock says so."""
    services, shop_id = call.services, owner_of(call).shop_id
    test_now = None if shop_id is None else await services.shop_clocks.test_now(shop_id)
    return test_now or services.clock.now(), test_now is not None


def may_read_orders(call: Call) -> bool:
    """Whether the caller may see what people wrote on orders and tickets."""
    return Scope.ORDERS_READ in call.caller.scopes


def shown_body(call: Call, endpoint: Endpoint, body: str | None) -> str | None:
    """Return what a caller may see of what is sent to an endpoint now."""
    return body and body_for(endpoint.include if may_read_orders(call) else (), body)


def uuid_in_cursor(text: str) -> UUID:
    """Return the id a cursor names, or the problem that it is none of ours."""
    try:
        return UUID(text)
    except ValueError as error:
        raise ProblemError("cursor_invalid") from error


async def endpoint_of(call: Call, endpoint_id: UUID) -> Endpoint:
    """Return one of the owner's endpoints, or the problem that there is none."""
    endpoint = await fetch_endpoint(call.services.resources.pool, owner_of(call), endpoint_id)
    if endpoint is None:
        raise ProblemError("webhook_endpoint_not_found")
    return endpoint


@asynccontextmanager
async def changing(call: Call, if_match: str | None = None) -> AsyncIterator[Change]:
    """Open a transaction that changes the owner's endpoints; refusals become problems."""
    services, owner = call.services, owner_of(call)
    now, test_mode = await present_of(call)
    try:
        async with services.resources.pool.acquire() as connection, connection.transaction():
            yield Change(
                connection=connection,
                seal=seal_of(call),
                owner=owner,
                actor=call.caller.actor,
                at=now,
                test_mode=test_mode,
                correlation_id=call.request_id,
                seen_version=None if if_match is None else int(if_match.strip('"')),
            )
    except EndpointNotFound as error:
        raise ProblemError("webhook_endpoint_not_found") from error
    except EndpointChanged as error:
        facts = {"current_version": error.current_version}
        raise ProblemError("version_stale", facts=facts) from error
    except TooManyEndpoints as error:
        facts = {"endpoints_max": ENDPOINTS_MAX}
        raise ProblemError("too_many_webhook_endpoints", facts=facts) from error
    except TooManyRotations as error:
        raise ProblemError("too_many_rotations") from error


def seal_of(call: Call) -> Seal:
    """Return what secrets are kept with, or the problem that there is nothing to keep them with."""
    if call.services.seal is None:
        raise ProblemError("sealing_not_configured")
    return call.services.seal


async def answered_once(
    call: Call, key: str, make: Callable[[Change], Awaitable[Answer]], if_match: str | None = None
) -> Response:
    """Make a change once for a key; asked again, give the same answer. KeyReused.

    The answer may hold a secret, so it is kept sealed.
    """
    owner, seal = owner_of(call), seal_of(call)
    asked = call.idempotency_key(owner.shop_id or "", key, await call.request.body())
    async with changing(call, if_match) as change:
        await change.lock()
        stored = await find_request(change.connection, owner.home, asked.scope, asked.key)
        if stored is not None:
            if stored.fingerprint != asked.fingerprint:
                raise KeyReused
            text = seal.open(stored.response, asked.fingerprint)
            return answer_response(answer_from(stored.status, text.encode()))
        answer = await make(change)
        sealed = seal.seal(stored_form(answer).decode(), asked.fingerprint)
        kept = StoredRequest(fingerprint=asked.fingerprint, status=answer.status, response=sealed)
        await remember_request(change.connection, owner.home, asked.scope, asked.key, kept)
    return answer_response(answer)
