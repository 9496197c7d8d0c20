"""Queueing what an endpoint missed: events from the log that were never queued for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from app.event_store.codec import Codec
from app.event_store.connections import Connection, Queryable
from app.event_store.log import read_partition_stored
from app.event_store.recorded_event import Recorded
from app.event_types.registry import ServiceEvent
from app.postgres.pool import Pool
from app.projections.log_feed import decode_feed
from app.webhooks.catalog.publisher import public_events_of
from app.webhooks.deliveries.fan_out import Subscription, deliveries_of, subscription_of
from app.webhooks.deliveries.queueing import queue_deliveries
from app.webhooks.deliveries.tables import Cause

EVENTS_MAX = 5_000
"""Events of the log read for one request."""
STEP_EVENTS_MAX = 500

CLOCKS_DIFFER_MAX = timedelta(minutes=10)
"""How far the clocks of the service and of the database may differ."""

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
    """Where a replay goes on: after a position, in one of the partitions."""

    partition_id: int
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a request for a replay did. ``next``: where the next goes on; None at the end."""

    queued: int
    events_read: int
    next: ReplayPlace | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The events an endpoint missed since an instant of its owner's clock."""

    pool: Pool
    codec: Codec[ServiceEvent]
    endpoint_id: UUID
    since: datetime
    now: datetime
    own_clock: bool
    """Whether the owner lives by a test clock, so that `since` says nothing of the log's times."""

    async def run(
        self,
        partition_ids: Sequence[int],
        begin: ReplayPlace | None,
        *,
        events_max: int = EVENTS_MAX,
    ) -> Replayed:
        """Queue what was missed, reading so many events of the log. Asking again is harmless."""
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
        """Return a position before which nothing happened since the instant, by halving."""
        if self.own_clock:
            return 0
        since = self.since - CLOCKS_DIFFER_MAX
        low, high = 0, await _head(self.pool, partition_id)
        while low < high:  # at most as often as a position has bits
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
