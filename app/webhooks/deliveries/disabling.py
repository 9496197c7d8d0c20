"""Disabling endpoints that are gone, or to which nothing was delivered for too long."""

from datetime import datetime
from uuid import UUID

import structlog
from uuid_utils.compat import uuid7

from app.domain.webhook_endpoints import DisabledReason
from app.event_store.connections import Connection, Queryable
from app.event_store.recorded_event import Actor, Role
from app.postgres.pool import Pool
from app.reactions.public_types import EventType
from app.sealing import Seal
from app.webhooks.deliveries.endpoint_notices import disabled_notice
from app.webhooks.deliveries.queueing import queue_deliveries
from app.webhooks.endpoints.endpoint import Endpoint, Owner
from app.webhooks.endpoints.queries import fetch_endpoint, list_endpoints
from app.webhooks.endpoints.service import BEFORE_ALL, ENDPOINTS_MAX, Change

PLATFORM = Owner(None)
SERVICE = Actor(role=Role.SYSTEM, id="webhooks")

# One that delivered in another partition does not fail, whatever this one says.
FAILING_SINCE = """
SELECT min(q.failing_since) AS failing_since, max(q.last_success_at) AS last_success_at
FROM after_sales.webhook_queues AS q
WHERE q.partition_id = ANY ($1::smallint[]) AND q.endpoint_id = $2
"""

_log = structlog.get_logger(__name__)


async def failing_since(database: Queryable, owner: Owner, endpoint_id: UUID) -> datetime | None:
    """Return since when all deliveries to an endpoint failed, in all partitions; None if not."""
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
    """Disable an endpoint in the service's own name; nothing if it is gone or disabled already.

    A shop is told by an event of the log, like of anything. The platform's endpoints belong to no
    shop, so its other endpoints that want to know are sent a notice.
    """
    async with pool.acquire() as connection, connection.transaction():
        change = Change(
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
    """Tell the platform's other endpoints that one of them was disabled."""
    own = await list_endpoints(connection, PLATFORM, after=BEFORE_ALL, limit=ENDPOINTS_MAX)
    notices = [
        disabled_notice(one, disabled, now) for one in own if one.disabled is None and _wants(one)
    ]
    await queue_deliveries(connection, notices)


def _wants(endpoint: Endpoint) -> bool:
    types = endpoint.event_types
    return types is None or EventType.WEBHOOK_ENDPOINT_DISABLED.value in types
