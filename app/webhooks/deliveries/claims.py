"""Taking deliveries that are due, endpoint by endpoint: for a while, so that whoever dies with some
does not keep them.

What one endpoint has queued is never looked through for another's sake: first the queues that have
something due are found, by an index on them alone; then each gives as many as there is room for.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from app.database import Pool
from app.event_store.connections import Connection, Queryable
from app.event_store.partitions import PARTITION_COUNT
from app.webhooks.deliveries.transactions import holding_queues

QUEUES_MAX = 500
"""Queues looked at in one round."""

# Those of test shops are due by the shop's clock.
FIND_DUE = """
(SELECT q.partition_id, q.endpoint_id, $2::timestamptz AS own_now
 FROM after_sales.webhook_queues AS q
 WHERE q.partition_id = ANY ($1::smallint[]) AND q.test_shop_id IS NULL AND q.due_at <= $2
   AND q.endpoint_id <> ALL ($3::uuid[])
 ORDER BY q.due_at
 LIMIT $4)
UNION
(SELECT q.partition_id, q.endpoint_id, c.now
 FROM after_sales.webhook_queues AS q
 JOIN after_sales.test_clocks AS c
   ON c.partition_id = q.partition_id AND c.shop_id = q.test_shop_id
 WHERE q.partition_id = ANY ($1::smallint[]) AND q.test_shop_id IS NOT NULL AND q.due_at <= c.now
 LIMIT $4)
UNION
(SELECT q.partition_id, q.endpoint_id, coalesce(c.now, $2)
 FROM after_sales.webhook_queues AS q
 LEFT JOIN after_sales.test_clocks AS c
   ON c.partition_id = q.partition_id AND c.shop_id = q.test_shop_id
 WHERE q.partition_id = ANY ($1::smallint[]) AND q.claimed_until <= $2
   AND q.endpoint_id <> ALL ($3::uuid[])
 LIMIT $4)
"""

# Whoever has the queue locked is busy with it; the next round finds it again.
LOCK_QUEUES = """
SELECT q.endpoint_id, q.test_shop_id, c.now AS test_now
FROM after_sales.webhook_queues AS q
LEFT JOIN after_sales.test_clocks AS c
  ON c.partition_id = q.partition_id AND c.shop_id = q.test_shop_id
WHERE q.partition_id = $1 AND q.endpoint_id = ANY ($2::uuid[])
ORDER BY q.endpoint_id
FOR UPDATE OF q SKIP LOCKED
"""

# The claim commits before anything is sent. Whoever fails to record an outcome loses it in time.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT d.endpoint_id, d.message_id, r.own_now
    FROM unnest($2::uuid[], $3::integer[], $4::timestamptz[]) AS r(endpoint_id, room, own_now)
    JOIN after_sales.webhook_endpoints AS e
      ON e.partition_id = $1 AND e.endpoint_id = r.endpoint_id AND e.enabled
    CROSS JOIN LATERAL (
        SELECT d.endpoint_id, d.message_id
        FROM after_sales.webhook_deliveries AS d
        WHERE d.partition_id = $1 AND d.endpoint_id = r.endpoint_id AND d.state = 'queued'
          AND d.due_at <= r.own_now AND (d.claimed_until IS NULL OR d.claimed_until <= $5)
        ORDER BY d.due_at
        LIMIT r.room
    ) AS d
)
UPDATE after_sales.webhook_deliveries AS d
SET claimed_until = $6, attempts = d.attempts + 1
FROM due
WHERE d.partition_id = $1 AND d.endpoint_id = due.endpoint_id AND d.message_id = due.message_id
RETURNING d.endpoint_id, d.message_id, d.api_version, d.shop_id, d.attempts, d.failures,
          d.position, d.ordinal, due.own_now
"""

# A disabled endpoint's queue rests until it is enabled.
MOVE_QUEUES = """
UPDATE after_sales.webhook_queues AS q
SET due_at = (
        SELECT d.due_at
        FROM after_sales.webhook_deliveries AS d
        JOIN after_sales.webhook_endpoints AS e
          ON e.partition_id = $1 AND e.endpoint_id = d.endpoint_id AND e.enabled
        WHERE d.partition_id = $1 AND d.endpoint_id = q.endpoint_id AND d.state = 'queued'
          AND (d.claimed_until IS NULL OR d.claimed_until <= $3)
        ORDER BY d.due_at
        LIMIT 1
    ),
    claimed_until = CASE
        WHEN q.endpoint_id = ANY ($4::uuid[]) THEN $5
        WHEN q.claimed_until <= $3 THEN NULL
        ELSE q.claimed_until END
WHERE q.partition_id = $1 AND q.endpoint_id = ANY ($2::uuid[])
"""

FETCH_BODIES = """
SELECT m.message_id, m.api_version, m.body
FROM after_sales.webhook_messages AS m
WHERE m.partition_id = $1 AND m.message_id = ANY ($2::uuid[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryKey:
    """Names a delivery: which message to which endpoint."""

    partition_id: int
    endpoint_id: UUID
    message_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """A delivery that is somebody's to send, for a while. ``attempt`` tells this claim from others.

    ``tried``: how often it was sent in vain since its schedule began, and once more for this time.
    ``own_now``: when it is for the endpoint's owner. ``test_shop_id``: whose clock it is by.
    """

    key: DeliveryKey
    test_shop_id: str | None
    attempt: int
    tried: int
    own_now: datetime
    until: datetime
    """When the claim ends, by the service's clock."""
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueQueue:
    """A queue that has something due, and what its owner takes for the present."""

    partition_id: int
    endpoint_id: UUID
    own_now: datetime


async def find_due_queues(
    database: Queryable, now: datetime, blocked: Collection[UUID]
) -> list[DueQueue]:
    """Return queues that have something due, without locks; a few hundred at most.

    ``blocked``: endpoints that have no room now, whatever they have due. (By a test clock it may be
    another time, so theirs are returned all the same.)
    """
    everywhere = list(range(PARTITION_COUNT))
    rows = await database.fetch(FIND_DUE, everywhere, now, list(blocked), QUEUES_MAX)
    return [DueQueue(**dict(row)) for row in rows]


async def claim_deliveries(
    pool: Pool, partition_id: int, rooms: Mapping[UUID, int], now: datetime, until: datetime
) -> list[ClaimedDelivery]:
    """Claim what is due for endpoints in one partition, the longest waiting first.

    ``rooms``: how many at most of each. One transaction, in one partition.
    """
    async with holding_queues(pool, durable=False) as connection:
        queues = await connection.fetch(LOCK_QUEUES, partition_id, list(rooms))
        if not queues:
            return []
        present = {row["endpoint_id"]: row["test_now"] or now for row in queues}
        tests = {row["endpoint_id"]: row["test_shop_id"] for row in queues}
        room = [rooms[endpoint_id] for endpoint_id in present]
        rows = await connection.fetch(
            CLAIM, partition_id, list(present), room, list(present.values()), now, until
        )
        claimed = list({row["endpoint_id"] for row in rows})
        await connection.execute(MOVE_QUEUES, partition_id, list(present), now, claimed, until)
        bodies = await _bodies(connection, partition_id, rows)
    rows.sort(key=lambda row: (row["position"], row["ordinal"]))
    return [
        ClaimedDelivery(
            key=DeliveryKey(
                partition_id=partition_id,
                endpoint_id=row["endpoint_id"],
                message_id=row["message_id"],
            ),
            test_shop_id=tests[row["endpoint_id"]],
            attempt=row["attempts"],
            tried=row["failures"] + 1,
            own_now=row["own_now"],
            until=until,
            body=bodies[row["message_id"], row["api_version"]],
        )
        for row in rows
        if (row["message_id"], row["api_version"]) in bodies
    ]


async def _bodies(
    connection: Connection, partition_id: int, rows: list[asyncpg.Record]
) -> dict[tuple[UUID, str], str]:
    ids = list({row["message_id"] for row in rows})
    found = await connection.fetch(FETCH_BODIES, partition_id, ids) if ids else []
    return {(row["message_id"], row["api_version"]): row["body"] for row in found}
