"""Queueing deliveries again: one, all that failed since an instant, or events that were missed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from app.event_store.codec import Codec
from app.event_store.connections import Connection, Queryable
from app.event_store.log import read_partition_stored
from app.event_store.recorded_event import Recorded
from app.event_types.registry import ServiceEvent
from app.postgres.pool import Pool
from app.projections.apply_batch import decode_feed
from app.webhooks.catalog.publisher import public_events_of
from app.webhooks.deliveries.claims import HOLD_WHILE_ALIVE, DeliveryKey, holding_queues
from app.webhooks.deliveries.fan_out import Subscription, deliveries_of, subscription_of
from app.webhooks.deliveries.queueing import queue_deliveries
from app.webhooks.deliveries.recording import LOCK_QUEUES, release_next
from app.webhooks.deliveries.tables import Cause

STEP_ROWS_MAX = 1_000
RECOVERED_MAX = 100_000
"""The maximum number recovered in one request; the response says if there are more."""

# A queued delivery becomes due now; one that waits for another of its order keeps waiting.
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

# If ordered, all wait first, and then the first of each stream is queued.
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
    """Queue a delivery again with its id and a new schedule; False if there is none.

    In an open transaction. ``now`` is by the owner's clock.
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
    """Queue again the deliveries that were given up, of those queued since an instant.

    In small transactions. Returns their number, and whether that is all; the rest needs another
    call.
    """
    recovered = 0
    for partition_id in partition_ids:
        step = STEP_ROWS_MAX
        while step == STEP_ROWS_MAX:
            free = min(STEP_ROWS_MAX, rows_max - recovered)
            if free == 0:
                return recovered, False
            async with holding_queues(pool) as connection:
                queue = (partition_id, endpoint_id)
                rows = await _recover_step(connection, queue, since, now, free, ordered=ordered)
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


EVENTS_MAX = 5_000
"""The maximum number of events read in one request."""
STEP_EVENTS_MAX = 500

CLOCKS_DIFFER_MAX = timedelta(minutes=10)
"""The maximum difference between the clocks of service and database."""

FETCH_SUBSCRIPTION = """
SELECT e.partition_id, e.endpoint_id, e.shop_id, e.event_types, e.ordered, e.api_version,
       e.include, e.since_position
FROM after_sales.webhook_endpoints AS e
WHERE e.partition_id = $1 AND e.endpoint_id = $2
"""

READ_RECORDED_AT = """
SELECT e.recorded_at FROM after_sales.events AS e WHERE e.partition_id = $1 AND e.position = $2
"""

READ_HEAD = "SELECT h.position FROM after_sales.log_heads AS h WHERE h.partition_id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPlace:
    """Where a replay continues: after a position of a partition."""

    partition_id: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """The result of a replay request. ``next``: where the next one continues; None at the end."""

    queued: int
    events_read: int
    next: ReplayPlace | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A replay of the events an endpoint missed since an instant of its owner's clock."""

    pool: Pool
    codec: Codec[ServiceEvent]
    endpoint_id: UUID
    since: datetime
    now: datetime
    own_clock: bool
    """Whether the owner has a test clock, so `since` is not comparable with the log's times."""

    async def run(
        self,
        partition_ids: Sequence[int],
        begin: ReplayPlace | None,
        *,
        events_max: int = EVENTS_MAX,
    ) -> Replayed:
        """Queue missed events, reading at most ``events_max`` of the log. Safe to repeat."""
        queued = read = 0
        first = partition_ids[0] if begin is None else begin.partition_id
        for partition_id in partition_ids[partition_ids.index(first) :]:
            if begin is not None and partition_id == first:
                position = begin.position
            else:
                position = await self._position_before(partition_id)
            while read < events_max:
                step = min(STEP_EVENTS_MAX, events_max - read)
                events = await self._read(partition_id, position, step)
                queued += await self._queue(partition_id, events)
                read += len(events)
                position = events[-1].position if events else position
                if len(events) < step:
                    break
            else:
                place = ReplayPlace(partition_id=partition_id, position=position)
                return Replayed(queued=queued, events_read=read, next=place)
        return Replayed(queued=queued, events_read=read, next=None)

    async def _read(
        self, partition_id: int, position: int, limit: int
    ) -> Sequence[Recorded[ServiceEvent]]:
        rows = await read_partition_stored(
            self.pool, partition_id, after_position=position, limit=limit
        )
        return decode_feed(self.codec, rows).events

    async def _queue(self, partition_id: int, events: Sequence[Recorded[ServiceEvent]]) -> int:
        async with self.pool.acquire() as connection, connection.transaction():
            subscription = await self._subscription(connection, partition_id)
            if subscription is None:
                return 0
            wanted = [
                replace(delivery, due_at=self.now, created_at=self.now)
                for event in await public_events_of(connection, events)
                if event.occurred_at >= self.since and subscription.wants(event)
                for delivery in deliveries_of(event, [subscription], Cause.REPLAY)
            ]
            return await queue_deliveries(connection, wanted)

    async def _subscription(self, connection: Connection, partition_id: int) -> Subscription | None:
        row = await connection.fetchrow(FETCH_SUBSCRIPTION, partition_id, self.endpoint_id)
        return None if row is None else subscription_of(row)

    async def _position_before(self, partition_id: int) -> int:
        """Return a position with no event since the instant before it, by binary search."""
        if self.own_clock:
            return 0
        since = self.since - CLOCKS_DIFFER_MAX
        low, high = 0, await _head(self.pool, partition_id)
        while low < high:  # at most one step per bit of a position
            middle = (low + high + 1) // 2
            row = await self.pool.fetchrow(READ_RECORDED_AT, partition_id, middle)
            if row is not None and row["recorded_at"] < since:
                low = middle
            else:
                high = middle - 1
        return low


async def _head(database: Queryable, partition_id: int) -> int:
    row = await database.fetchrow(READ_HEAD, partition_id)
    return 0 if row is None else int(row["position"])
