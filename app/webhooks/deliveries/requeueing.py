"""Sending again what had ended: one delivery, or all that failed since an instant."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from app.event_store.connections import Connection
from app.postgres.pool import Pool
from app.webhooks.deliveries.claims import HOLD_WHILE_ALIVE, DeliveryKey, holding_queues
from app.webhooks.deliveries.recording import LOCK_QUEUES, release_next

STEP_ROWS_MAX = 1_000
RECOVERED_MAX = 100_000
"""Deliveries recovered in one request; the answer says if there are more."""

# What waits for its next attempt makes it now; what waits for another of its order still does.
REQUEUE = """
UPDATE after_sales.webhook_deliveries AS d
SET state = CASE WHEN d.state = 'waiting' THEN d.state ELSE 'queued' END, failures = 0, due_at = $4,
    settled_at = NULL
FROM (
    SELECT o.state FROM after_sales.webhook_deliveries AS o
    WHERE o.partition_id = $1 AND o.endpoint_id = $2 AND o.message_id = $3
) AS before
WHERE d.partition_id = $1 AND d.endpoint_id = $2 AND d.message_id = $3
RETURNING before.state
"""

# In order, where that was asked for: all wait, and then the first of each stream is let go.
RECOVER = """
WITH failed AS MATERIALIZED (
    SELECT d.message_id
    FROM after_sales.webhook_deliveries AS d
    WHERE d.partition_id = $1 AND d.endpoint_id = $2 AND d.state = 'failed' AND d.created_at >= $3
    ORDER BY d.created_at, d.message_id
    LIMIT $5
)
UPDATE after_sales.webhook_deliveries AS d
SET state = CASE WHEN $6 THEN 'waiting' ELSE 'queued' END, failures = 0, due_at = $4,
    settled_at = NULL
FROM failed
WHERE d.partition_id = $1 AND d.endpoint_id = $2 AND d.message_id = failed.message_id
RETURNING d.stream_id
"""

GROW = """
UPDATE after_sales.webhook_queues AS q
SET pending = q.pending + $3, due_at = least(q.due_at, $4)
WHERE q.partition_id = $1 AND q.endpoint_id = $2
"""

_SETTLED = frozenset({"delivered", "failed"})


async def resend(connection: Connection, key: DeliveryKey, now: datetime) -> bool:
    """Send a delivery again, now, under its own id; False if there is none.

    In an open transaction. Its schedule begins anew. ``now`` is by the owner's clock.
    """
    queue = (key.partition_id, key.endpoint_id)
    await connection.execute(HOLD_WHILE_ALIVE)
    await connection.fetch(LOCK_QUEUES, [key.partition_id], [key.endpoint_id])
    row = await connection.fetchrow(REQUEUE, *queue, key.message_id, now)
    if row is None:
        return False
    await connection.execute(GROW, *queue, int(row["state"] in _SETTLED), now)
    return True


async def recover(
    pool: Pool,
    endpoint_id: UUID,
    partition_ids: Sequence[int],
    *,
    since: datetime,
    now: datetime,
    ordered: bool,
    rows_max: int = RECOVERED_MAX,
) -> tuple[int, bool]:
    """Send again, from now on, what was given up of all that was queued at or after an instant.

    In small steps, each of which stands by itself. Returns how many deliveries that were, and
    whether all of them are; what is left can be asked for again.
    """
    recovered = 0
    for partition_id in partition_ids:
        step = STEP_ROWS_MAX
        while step == STEP_ROWS_MAX:
            room = min(STEP_ROWS_MAX, rows_max - recovered)
            if room == 0:
                return recovered, False
            async with holding_queues(pool) as connection:
                queue = (partition_id, endpoint_id)
                rows = await _recover_step(connection, queue, since, now, room, ordered=ordered)
            step = len(rows)
            recovered += step
    return recovered, True


async def _recover_step(
    connection: Connection,
    queue: tuple[int, UUID],
    since: datetime,
    now: datetime,
    rows_max: int,
    *,
    ordered: bool,
) -> list[asyncpg.Record]:
    partition_id, endpoint_id = queue
    await connection.fetch(LOCK_QUEUES, [partition_id], [endpoint_id])
    rows = await connection.fetch(RECOVER, *queue, since, now, rows_max, ordered)
    if rows:
        await connection.execute(GROW, *queue, len(rows), now)
    if ordered:
        streams = {(*queue, row["stream_id"], now) for row in rows}
        await release_next(connection, list(streams))
    return rows
