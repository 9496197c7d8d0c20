"""Messages about endpoints in the envelope of public events, and disabling endpoints that fail."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import structlog
from pydantic_core import to_json
from uuid_utils.compat import uuid7

from app.domain.webhook_endpoints import DisabledReason
from app.event_store.connections import Connection, Queryable
from app.event_store.recorded_event import Actor, Role
from app.event_store.streams import endpoint_stream
from app.postgres.pool import Pool
from app.reactions.public_types import EventType
from app.sealing import Seal
from app.webhooks.catalog.payloads import WebhookEndpointEventData
from app.webhooks.deliveries.queueing import Message, QueuedDelivery, queue_deliveries
from app.webhooks.deliveries.tables import Cause
from app.webhooks.endpoints import service
from app.webhooks.endpoints.endpoint import Endpoint, Owner
from app.webhooks.endpoints.queries import fetch_endpoint, list_endpoints

TEST_TYPE = "webhook.test"


async def send_test(
    connection: Connection, endpoint: Endpoint, now: datetime, *, test_mode: bool
) -> UUID:
    """Queue a test for an endpoint, whatever its event types; return the delivery's id.

    In an open transaction. ``now`` is by the owner's clock; ``test_mode``: that is a test clock.
    """
    about = {"endpoint_id": str(endpoint.endpoint_id)}
    version = await service.stream_version(connection, endpoint)
    test = _notice(endpoint, TEST_TYPE, endpoint, about, now, version=version, test_mode=test_mode)
    await queue_deliveries(connection, [test])
    return test.message.message_id


def disabled_notice(to: Endpoint, disabled: Endpoint, now: datetime) -> QueuedDelivery:
    """Return the message to one of the platform's endpoints that another was disabled, and why.

    Shops receive the event of the same name and form.
    """
    reason = None if disabled.disabled is None else disabled.disabled.reason.value
    about = WebhookEndpointEventData(
        endpoint_id=str(disabled.endpoint_id),
        url=service.shown_url(disabled.url),
        disabled_reason=reason,
    ).model_dump()
    kind = EventType.WEBHOOK_ENDPOINT_DISABLED.value
    return _notice(to, kind, disabled, about, now, version=disabled.version, test_mode=False)


def _notice(
    to: Endpoint,
    kind: str,
    about: Endpoint,
    data: Mapping[str, str | None],
    now: datetime,
    *,
    version: int,
    test_mode: bool,
) -> QueuedDelivery:
    message_id, stream_id = uuid7(), endpoint_stream(about.shop_id, str(about.endpoint_id))
    body = {
        "id": str(message_id),
        "type": kind,
        "timestamp": now,
        "api_version": to.api_version,
        "shop_id": to.shop_id,
        "stream_id": stream_id,
        "version": version,
        "caused_by": "system",
        "test_mode": test_mode,
        "data": data,
    }
    return QueuedDelivery(
        message=Message(
            partition_id=Owner(to.shop_id).home,
            message_id=message_id,
            form=to.api_version,
            body=to_json(body).decode(),
        ),
        endpoint_id=to.endpoint_id,
        test_shop_id=to.shop_id if test_mode else None,
        position=0,
        ordinal=0,
        shop_id=to.shop_id or "",
        stream_id=f"{stream_id}/{message_id}",
        order_id=None,
        type=kind,
        cause=Cause.TEST if kind == TEST_TYPE else Cause.EVENT,
        ordered=False,
        due_at=now,
        created_at=now,
    )


PLATFORM = Owner(None)
SERVICE = Actor(role=Role.SYSTEM, id="webhooks")

# A success in another partition counts for the endpoint.
FAILING_SINCE = """
SELECT min(q.failing_since) AS failing_since, max(q.last_success_at) AS last_success_at
FROM after_sales.webhook_queues AS q
WHERE q.partition_id = ANY ($1::smallint[]) AND q.endpoint_id = $2
"""

_log = structlog.get_logger(__name__)


async def failing_since(database: Queryable, owner: Owner, endpoint_id: UUID) -> datetime | None:
    """Return since when all deliveries to an endpoint fail, over all partitions, or None."""
    row = await database.fetchrow(FAILING_SINCE, owner.partitions, endpoint_id)
    if row is None or row["failing_since"] is None:
        return None
    since: datetime = max(row["failing_since"], row["last_success_at"] or row["failing_since"])
    return since


async def disable_endpoint(
    pool: Pool,
    seal: Seal,
    owner: Owner,
    endpoint_id: UUID,
    reason: DisabledReason,
    *,
    now: datetime,
    test_mode: bool,
) -> None:
    """Disable an endpoint as the service; nothing if it is deleted or disabled.

    For a shop this appends an event. The platform's endpoints belong to no shop, so its other
    endpoints with this event type receive a notice.
    """
    async with pool.acquire() as connection, connection.transaction():
        change = service.Change(
            connection=connection,
            seal=seal,
            owner=owner,
            actor=SERVICE,
            at=now,
            test_mode=test_mode,
            correlation_id=str(uuid7()),
        )
        await change.lock()
        before = await fetch_endpoint(connection, owner, endpoint_id)
        if before is None or before.disabled is not None:
            return
        disabled = await change.disable(endpoint_id, reason)
        if owner.shop_id is None:
            await _notify(connection, disabled, now)
    _log.warning("webhook_endpoint_disabled", endpoint_id=str(endpoint_id), reason=reason.value)


async def _notify(connection: Connection, disabled: Endpoint, now: datetime) -> None:
    """Queue a notice for the platform's other endpoints that one was disabled."""
    own = await list_endpoints(
        connection, PLATFORM, after=service.BEFORE_ALL, limit=service.ENDPOINTS_MAX
    )
    notices = [
        disabled_notice(one, disabled, now) for one in own if one.disabled is None and _wants(one)
    ]
    await queue_deliveries(connection, notices)


def _wants(endpoint: Endpoint) -> bool:
    types = endpoint.event_types
    return types is None or EventType.WEBHOOK_ENDPOINT_DISABLED.value in types
