"""Taking pushes that are due: for a while, so that whoever dies with one does not keep it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from pydantic import JsonValue
from pydantic_core import from_json

from app.event_store.partitions import PARTITION_COUNT
from app.event_store.recorded_event import ClockKind, Role
from app.notifications.push.queue import PushKey
from app.notifications.recipient import Recipient
from app.postgres.pool import Pool

_CLAIMED_COLUMNS = """p.partition_id, p.notification_id, p.device_id, p.shop_id, p.recipient_role,
       p.recipient_id, p.template, p.params, p.clock, p.valid_until, p.attempts"""

# The claim commits before anything is sent. Whoever fails to record an outcome loses it in time.
CLAIM_ACROSS_PARTITIONS = f"""
WITH due AS MATERIALIZED (
    SELECT p.partition_id, p.notification_id, p.device_id
    FROM unnest($1::smallint[]) AS s(partition_id)
    CROSS JOIN LATERAL (
        SELECT p.partition_id, p.notification_id, p.device_id, p.attempt_at
        FROM after_sales.pushes AS p
        WHERE p.partition_id = s.partition_id AND p.state = 'queued' AND p.attempt_at <= $2
          AND (p.claimed_until IS NULL OR p.claimed_until <= $2)
        ORDER BY p.attempt_at
        LIMIT $4
        FOR UPDATE SKIP LOCKED
    ) AS p
    ORDER BY p.attempt_at
    LIMIT $4
)
UPDATE after_sales.pushes AS p
SET claimed_until = $3, attempts = p.attempts + 1
FROM due
WHERE p.partition_id = due.partition_id AND p.notification_id = due.notification_id
  AND p.device_id = due.device_id
RETURNING {_CLAIMED_COLUMNS}
"""

# On Citus a claim keeps to one partition, so it is asked first, without locks, which have any due.
FIND_DUE = """
SELECT DISTINCT p.partition_id
FROM after_sales.pushes AS p
WHERE p.partition_id = ANY ($1::smallint[]) AND p.state = 'queued' AND p.attempt_at <= $2
  AND (p.claimed_until IS NULL OR p.claimed_until <= $2)
"""

LOCK_IN_PARTITION = f"""
SELECT {_CLAIMED_COLUMNS}
FROM after_sales.pushes AS p
WHERE p.partition_id = $1 AND p.state = 'queued' AND p.attempt_at <= $2
  AND (p.claimed_until IS NULL OR p.claimed_until <= $2)
ORDER BY p.attempt_at
LIMIT $3
FOR UPDATE SKIP LOCKED
"""

MARK_CLAIMED = """
UPDATE after_sales.pushes AS p
SET claimed_until = $4, attempts = p.attempts + 1
WHERE p.partition_id = $1 AND p.notification_id = $2 AND p.device_id = $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedPush:
    """A push that is somebody's to send, for a while. ``attempt`` tells this claim from others."""

    key: PushKey
    recipient: Recipient
    template: str
    params: Mapping[str, JsonValue]
    clock: ClockKind
    valid_until: datetime | None
    attempt: int


async def claim_across_partitions(
    pool: Pool, now: datetime, until: datetime, limit: int
) -> list[ClaimedPush]:
    """Claim what is due in any partition, the longest waiting first. For a single Postgres."""
    partitions = list(range(PARTITION_COUNT))
    rows = await pool.fetch(CLAIM_ACROSS_PARTITIONS, partitions, now, until, limit)
    return [_claimed(row, row["attempts"]) for row in rows]


async def claim_by_partition(
    pool: Pool, now: datetime, until: datetime, limit: int
) -> list[ClaimedPush]:
    """Claim what is due, each partition in a transaction of its own. For Citus."""
    claimed: list[ClaimedPush] = []
    for due in await pool.fetch(FIND_DUE, list(range(PARTITION_COUNT)), now):
        if len(claimed) >= limit:
            break
        async with pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                LOCK_IN_PARTITION, due["partition_id"], now, limit - len(claimed)
            )
            marks = [(*row[:3], until) for row in rows]
            await connection.executemany(MARK_CLAIMED, marks)
        claimed += [_claimed(row, row["attempts"] + 1) for row in rows]
    return claimed


def _claimed(row: asyncpg.Record, attempt: int) -> ClaimedPush:
    return ClaimedPush(
        key=PushKey(
            partition_id=row["partition_id"],
            notification_id=row["notification_id"],
            device_id=row["device_id"],
        ),
        recipient=Recipient(
            shop_id=row["shop_id"], role=Role(row["recipient_role"]), id=row["recipient_id"]
        ),
        template=row["template"],
        params=from_json(row["params"]),
        clock=ClockKind(row["clock"]),
        valid_until=row["valid_until"],
        attempt=attempt,
    )
