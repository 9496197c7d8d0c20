"""Forgetting requests after their time. They are written by the append functions."""

from datetime import datetime, timedelta

from app.event_store.connections import Queryable
from app.event_store.log import StoredRequest
from app.event_store.streams import PARTITION_COUNT

RETENTION = timedelta(hours=24)
"""How long at least the same request gets the same answer."""

PRUNE_STEP = """
DELETE FROM after_sales.idempotency_keys AS k
WHERE k.partition_id = $1 AND (k.scope, k.key) IN (
    SELECT o.scope, o.key
    FROM after_sales.idempotency_keys AS o
    WHERE o.partition_id = $1 AND o.created_at < $2
    ORDER BY o.created_at
    LIMIT $3
)
RETURNING k.created_at
"""


async def prune_requests(
    connection: Queryable,
    now: datetime,
    *,
    retention: timedelta = RETENTION,
    step_rows_max: int = 1_000,
) -> int:
    """Delete requests stored more than ``retention`` before ``now``; return how many.

    Many short statements, one partition each, so that no append waits long. Safe to run anywhere at
    any time, by several at once.
    """
    oldest_kept = now - retention
    pruned = 0
    for partition_id in range(PARTITION_COUNT):
        step = step_rows_max
        while step == step_rows_max:
            rows = await connection.fetch(PRUNE_STEP, partition_id, oldest_kept, step_rows_max)
            step = len(rows)
            pruned += step
    return pruned


FIND = """
SELECT k.fingerprint, k.status, k.response
FROM after_sales.idempotency_keys AS k
WHERE k.partition_id = $1 AND k.scope = $2 AND k.key = $3
"""

REMEMBER = """
INSERT INTO after_sales.idempotency_keys (partition_id, scope, key, fingerprint, status, response)
VALUES ($1, $2, $3, $4, $5, $6)
"""


async def find_request(
    connection: Queryable, partition_id: int, scope: str, key: str
) -> StoredRequest | None:
    """Return the request answered under a key, for what is not written through the log."""
    row = await connection.fetchrow(FIND, partition_id, scope, key)
    if row is None:
        return None
    return StoredRequest(
        fingerprint=row["fingerprint"], status=row["status"], response=row["response"]
    )


async def remember_request(
    connection: Queryable, partition_id: int, scope: str, key: str, request: StoredRequest
) -> None:
    """Keep a request and its answer, in the transaction that grants it.

    Raises asyncpg's UniqueViolationError if the key was taken meanwhile.
    """
    answered = (request.fingerprint, request.status, request.response)
    await connection.fetch(REMEMBER, partition_id, scope, key, *answered)
