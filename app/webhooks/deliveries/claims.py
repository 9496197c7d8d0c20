"""Claiming due deliveries, endpoint by endpoint, for the time of a lease.

A long queue of one endpoint costs the others nothing: an index on queues finds those with due
deliveries, and each of them is claimed from up to its free capacity.
"""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

import asyncpg

from app.event_store.connections import Connection, Queryable
from app.event_store.streams import PARTITION_COUNT
from app.postgres.pool import Pool
from app.projections.rows import columns_of

QUEUES_MAX = 500
"""The maximum number of queues per round."""

Queue: TypeAlias = tuple[int, UUID]
"""A partition and an endpoint."""

# Queues of test shops are due by the shop's clock. Endpoints without capacity are skipped, unless
# they were enabled after the version the worker knows.
FIND_DUE = """
(SELECT q.partition_id, q.endpoint_id, $2::timestamptz AS endpoint_now, q.enabled_version
 FROM after_sales.webhook_queues AS q
 WHERE q.partition_id = ANY ($1::smallint[]) AND q.test_shop_id IS NULL AND q.due_at <= $2
   AND NOT EXISTS (
       SELECT FROM unnest($3::uuid[], $4::integer[]) AS b(endpoint_id, enabled_version)
       WHERE b.endpoint_id = q.endpoint_id AND b.enabled_version >= q.enabled_version)
 ORDER BY q.due_at
 LIMIT $5)
UNION
(SELECT q.partition_id, q.endpoint_id, c.now, q.enabled_version
 FROM after_sales.webhook_queues AS q
 JOIN after_sales.test_clocks AS c
   ON c.partition_id = q.partition_id AND c.shop_id = q.test_shop_id
 WHERE q.partition_id = ANY ($1::smallint[]) AND q.test_shop_id IS NOT NULL AND q.due_at <= c.now
 LIMIT $5)
UNION
(SELECT q.partition_id, q.endpoint_id, coalesce(c.now, $2), q.enabled_version
 FROM after_sales.webhook_queues AS q
 LEFT JOIN after_sales.test_clocks AS c
   ON c.partition_id = q.partition_id AND c.shop_id = q.test_shop_id
 WHERE q.partition_id = ANY ($1::smallint[]) AND q.claimed_until <= $2
   AND NOT EXISTS (
       SELECT FROM unnest($3::uuid[], $4::integer[]) AS b(endpoint_id, enabled_version)
       WHERE b.endpoint_id = q.endpoint_id AND b.enabled_version >= q.enabled_version)
 LIMIT $5)
"""

# A locked queue is in use; the next round finds it again.
LOCK_QUEUES = """
SELECT q.partition_id, q.endpoint_id, q.test_shop_id, c.now AS test_now
FROM after_sales.webhook_queues AS q
JOIN unnest($1::smallint[], $2::uuid[]) AS r(partition_id, endpoint_id)
  ON q.partition_id = r.partition_id AND q.endpoint_id = r.endpoint_id
LEFT JOIN after_sales.test_clocks AS c
  ON c.partition_id = q.partition_id AND c.shop_id = q.test_shop_id
WHERE q.partition_id = ANY ($1::smallint[])
ORDER BY q.partition_id, q.endpoint_id
FOR UPDATE OF q SKIP LOCKED
"""

# The claim commits before anything is sent, and expires unless an outcome is recorded in time.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT r.partition_id, r.endpoint_id, d.message_id, r.endpoint_now
    FROM unnest($1::smallint[], $2::uuid[], $3::integer[], $4::timestamptz[])
        AS r(partition_id, endpoint_id, capacity, endpoint_now)
    JOIN after_sales.webhook_endpoints AS e
      ON e.partition_id = r.partition_id AND e.endpoint_id = r.endpoint_id AND e.enabled
    CROSS JOIN LATERAL (
        SELECT d.message_id
        FROM after_sales.webhook_deliveries AS d
        WHERE d.partition_id = r.partition_id AND d.endpoint_id = r.endpoint_id
          AND d.state = 'queued' AND d.due_at <= r.endpoint_now
          AND (d.claimed_until IS NULL OR d.claimed_until <= $5)
        ORDER BY d.due_at
        LIMIT r.capacity
    ) AS d
)
UPDATE after_sales.webhook_deliveries AS d
SET claimed_until = $6, attempts = d.attempts + 1
FROM due
WHERE d.partition_id = ANY ($1::smallint[])
  AND d.partition_id = due.partition_id AND d.endpoint_id = due.endpoint_id
  AND d.message_id = due.message_id
RETURNING d.partition_id, d.endpoint_id, d.message_id, d.api_version, d.attempts, d.failures,
          d.position, d.ordinal, due.endpoint_now
"""

# A disabled endpoint's queue is not due until it is enabled.
MOVE_QUEUES = """
UPDATE after_sales.webhook_queues AS q
SET due_at = (
        SELECT d.due_at
        FROM after_sales.webhook_deliveries AS d
        JOIN after_sales.webhook_endpoints AS e
          ON e.partition_id = d.partition_id AND e.endpoint_id = d.endpoint_id AND e.enabled
        WHERE d.partition_id = q.partition_id AND d.endpoint_id = q.endpoint_id
          AND d.state = 'queued' AND (d.claimed_until IS NULL OR d.claimed_until <= $4)
        ORDER BY d.due_at
        LIMIT 1
    ),
    claimed_until = CASE
        WHEN r.claimed THEN $5
        WHEN q.claimed_until <= $4 THEN NULL
        ELSE q.claimed_until END
FROM unnest($1::smallint[], $2::uuid[], $3::boolean[]) AS r(partition_id, endpoint_id, claimed)
WHERE q.partition_id = ANY ($1::smallint[])
  AND q.partition_id = r.partition_id AND q.endpoint_id = r.endpoint_id
"""

FETCH_BODIES = """
SELECT m.partition_id, m.message_id, m.api_version, m.body
FROM after_sales.webhook_messages AS m
JOIN unnest($1::smallint[], $2::uuid[], $3::text[]) AS r(partition_id, message_id, api_version)
  ON m.partition_id = r.partition_id AND m.message_id = r.message_id
 AND m.api_version = r.api_version
WHERE m.partition_id = ANY ($1::smallint[])
"""


# Without it a suspended or unreachable process would keep its queues locked.
HOLD_WHILE_ALIVE = "SET LOCAL idle_in_transaction_session_timeout = 15000"

# What a crash of the server loses of the last moments is sent again, with the same id.
COMMIT_WITHOUT_WAITING = f"{HOLD_WHILE_ALIVE}; SET LOCAL synchronous_commit = off"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryKey:
    """The key of a delivery: a message to an endpoint."""

    partition_id: int
    endpoint_id: UUID
    message_id: UUID

    @property
    def queue(self) -> Queue:
        """The queue of the delivery."""
        return self.partition_id, self.endpoint_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """A delivery under a lease. ``attempt`` is the number of this claim.

    ``tried``: the failed attempts since its schedule began, plus this one. ``endpoint_now``: the
    present by the owner's clock. ``test_shop_id``: the shop whose test clock that is.
    """

    key: DeliveryKey
    test_shop_id: str | None
    attempt: int
    tried: int
    endpoint_now: datetime
    until: datetime
    """The end of the lease, by the service's clock."""
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueQueue:
    """A queue with due deliveries, and the present by its owner's clock.

    ``enabled_version``: the endpoint's version when it was last enabled; 0 if that was before the
    queue existed.
    """

    partition_id: int
    endpoint_id: UUID
    endpoint_now: datetime
    enabled_version: int

    @property
    def key(self) -> Queue:
        """The key of the queue."""
        return self.partition_id, self.endpoint_id


@asynccontextmanager
async def holding_queues(pool: Pool, *, durable: bool = True) -> AsyncIterator[Connection]:
    """Open a transaction that may lock queues, and commit it at the end.

    ``durable``: whether its commit waits for the disk. Requests of users do; claims and outcomes do
    not, because losing one only leads to another attempt.
    """
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(HOLD_WHILE_ALIVE if durable else COMMIT_WITHOUT_WAITING)
        yield connection


async def find_due_queues(
    database: Queryable, now: datetime, blocked: Collection[tuple[UUID, int]]
) -> list[DueQueue]:
    """Return queues with due deliveries, without locking them; a few hundred at most.

    ``blocked``: endpoints without capacity, each with the latest version in which it is known to
    have been enabled. (Queues of test clocks are returned anyway, because their time may differ.)
    """
    everywhere = list(range(PARTITION_COUNT))
    endpoints, versions = [one for one, _ in blocked], [version for _, version in blocked]
    rows = await database.fetch(FIND_DUE, everywhere, now, endpoints, versions, QUEUES_MAX)
    return [DueQueue(**dict(row)) for row in rows]


async def claim_deliveries(
    pool: Pool, capacity: Mapping[Queue, int], now: datetime, until: datetime
) -> list[ClaimedDelivery]:
    """Claim due deliveries of queues, longest waiting first; return them in the log's order.

    ``capacity``: the maximum of each queue. One transaction; on Citus, call it per partition.
    """
    async with holding_queues(pool, durable=False) as connection:
        locked = await connection.fetch(LOCK_QUEUES, *columns_of(capacity))
        if not locked:
            return []
        tests = {_queue(row): row["test_shop_id"] for row in locked}
        due = [(*_queue(row), capacity[_queue(row)], row["test_now"] or now) for row in locked]
        rows = await connection.fetch(CLAIM, *columns_of(due), now, until)
        claimed = {_queue(row) for row in rows}
        moved = [(*queue, queue in claimed) for queue in tests]
        await connection.execute(MOVE_QUEUES, *columns_of(moved), now, until)
        bodies = await _bodies(connection, rows)
    rows.sort(key=lambda row: (row["partition_id"], row["position"], row["ordinal"]))
    return [
        ClaimedDelivery(
            key=DeliveryKey(
                partition_id=row["partition_id"],
                endpoint_id=row["endpoint_id"],
                message_id=row["message_id"],
            ),
            test_shop_id=tests[_queue(row)],
            attempt=row["attempts"],
            tried=row["failures"] + 1,
            endpoint_now=row["endpoint_now"],
            until=until,
            body=bodies[_message(row)],
        )
        for row in rows
        if _message(row) in bodies
    ]


def _queue(row: asyncpg.Record) -> Queue:
    return row["partition_id"], row["endpoint_id"]


def _message(row: asyncpg.Record) -> tuple[int, UUID, str]:
    return row["partition_id"], row["message_id"], row["api_version"]


async def _bodies(
    connection: Connection, rows: list[asyncpg.Record]
) -> dict[tuple[int, UUID, str], str]:
    if not rows:
        return {}
    found = await connection.fetch(FETCH_BODIES, *columns_of({_message(row) for row in rows}))
    return {_message(row): row["body"] for row in found}
