"""Calls about an owner's webhook endpoints: whose, in which transaction, answered how often."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Response

from app.access.scopes import Scope
from app.api.idempotency import answered_once, asked_of
from app.api.problems.problem import ProblemError
from app.api.request_context import RequestContext
from app.command_handling.requests import Answer
from app.event_store.connections import Connection
from app.sealing import Seal
from app.webhooks.deliveries.claims import DeliveryKey
from app.webhooks.deliveries.reading import Delivery, fetch_delivery
from app.webhooks.deliveries.targets import body_for
from app.webhooks.endpoints.endpoint import Endpoint, Owner
from app.webhooks.endpoints.queries import fetch_endpoint
from app.webhooks.endpoints.service import (
    ENDPOINTS_MAX,
    Change,
    EndpointChanged,
    EndpointNotFound,
    TooManyEndpoints,
)
from app.webhooks.signing import TooManyRotations

EndpointId = Annotated[UUID, Path(description="The endpoint, as its creation named it.")]
DeliveryId = Annotated[UUID, Path(description="The delivery: the `webhook-id` it is sent with.")]


def owner_of(call: RequestContext) -> Owner:
    """Return whose endpoints a call is about: the shop in its path, or the platform."""
    return Owner(call.request.path_params.get("shop_id"))


async def present_of(call: RequestContext) -> tuple[datetime, bool]:
    """Return when it is for the owner, and whether a test clock says so."""
    services, shop_id = call.services, owner_of(call).shop_id
    test_now = None if shop_id is None else await services.shop_clocks.test_now(shop_id)
    return test_now or services.clock.now(), test_now is not None


def may_read_orders(call: RequestContext) -> bool:
    """Whether the caller may see what people wrote on orders and tickets."""
    return Scope.ORDERS_READ in call.caller.scopes


def shown_body(call: RequestContext, endpoint: Endpoint, body: str | None) -> str | None:
    """Return what a caller may see of what is sent to an endpoint now."""
    return body and body_for(endpoint.include if may_read_orders(call) else (), body)


def uuid_in_cursor(text: str) -> UUID:
    """Return the id a cursor names, or the problem that it is none of ours."""
    try:
        return UUID(text)
    except ValueError as error:
        raise ProblemError("cursor_invalid") from error


async def endpoint_of(
    call: RequestContext, endpoint_id: UUID, connection: Connection | None = None
) -> Endpoint:
    """Return one of the owner's endpoints, or the problem that there is none."""
    database = connection or call.services.resources.pool
    endpoint = await fetch_endpoint(database, owner_of(call), endpoint_id)
    if endpoint is None:
        raise ProblemError("webhook_endpoint_not_found")
    return endpoint


async def delivery_of(
    call: RequestContext, endpoint_id: UUID, delivery_id: UUID, connection: Connection | None = None
) -> Delivery:
    """Return a delivery to one of the owner's endpoints, or the problem that there is none."""
    await endpoint_of(call, endpoint_id, connection)
    database = connection or call.services.resources.pool
    delivery = await fetch_delivery(database, endpoint_id, owner_of(call).partitions, delivery_id)
    if delivery is None:
        raise ProblemError("webhook_delivery_not_found")
    return delivery


def key_of(endpoint_id: UUID, delivery: Delivery) -> DeliveryKey:
    """Return what names a delivery among all."""
    return DeliveryKey(
        partition_id=delivery.partition_id,
        endpoint_id=endpoint_id,
        message_id=delivery.message_id,
    )


@asynccontextmanager
async def changing(call: RequestContext, if_match: str | None = None) -> AsyncIterator[Change]:
    """Open a transaction that changes the owner's endpoints; refusals become problems."""
    present = await present_of(call)
    async with call.services.resources.pool.acquire() as connection, connection.transaction():
        with refusals_as_problems():
            yield _change(call, connection, present, if_match)


async def changed_once(
    call: RequestContext,
    key: str | None,
    make: Callable[[Change], Awaitable[Answer]],
    if_match: str | None = None,
) -> Response:
    """Make a change once for a key, if there is one; asked again, give the same answer. KeyReused.

    The answer may hold a secret, so it is kept sealed.
    """
    present, shop_id = await present_of(call), owner_of(call).shop_id

    async def change(connection: Connection) -> Answer:
        with refusals_as_problems():
            return await make(_change(call, connection, present, if_match))

    return await answered_once(await asked_of(call, key, shop_id, seal=seal_of(call)), change)


@contextmanager
def refusals_as_problems() -> Iterator[None]:
    """Make problems of why a change is refused."""
    try:
        yield
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


def seal_of(call: RequestContext) -> Seal:
    """Return what secrets are kept with, or the problem that there is nothing to keep them with."""
    if call.services.seal is None:
        raise ProblemError("sealing_not_configured")
    return call.services.seal


def _change(
    call: RequestContext,
    connection: Connection,
    present: tuple[datetime, bool],
    if_match: str | None,
) -> Change:
    now, test_mode = present
    return Change(
        connection=connection,
        seal=seal_of(call),
        owner=owner_of(call),
        actor=call.caller.actor,
        at=now,
        test_mode=test_mode,
        correlation_id=call.request_id,
        seen_version=None if if_match is None else int(if_match.strip('"')),
    )
