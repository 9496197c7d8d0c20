"""Webhooks in a worker process: fan-out, sending, and pruning of old deliveries."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from app.clock import Clock
from app.event_store.connections import LOST_CONNECTION, Queryable
from app.event_store.streams import PARTITION_COUNT
from app.event_types.registry import ServiceEvent, event_codec
from app.postgres.pool import CONNECTION_FAILURES, Pool
from app.projections.runner import ProjectionRunner, ProjectionRunnerLimits
from app.resources import Resources
from app.sealing import seal_with
from app.settings import Settings
from app.topology import Topology
from app.waiting import pause
from app.webhooks.breaker import HealthPolicy
from app.webhooks.deliveries.claims import holding_queues
from app.webhooks.deliveries.endpoint_concurrency import ConcurrencyLimits
from app.webhooks.deliveries.fan_out import WebhookFanOut
from app.webhooks.deliveries.recording import LOCK_QUEUES, release_next
from app.webhooks.deliveries.worker import DeliveryLimits, DeliveryWorker
from app.webhooks.sending import open_sender, reach_of

PRUNE_EVERY_SECONDS = 600.0

_log = structlog.get_logger(__name__)
_DATABASE_AWAY: tuple[type[Exception], ...] = (*CONNECTION_FAILURES, *LOST_CONNECTION)


def fan_out_runner(
    pool: Pool, topology: Topology, queued: asyncio.Event | None = None
) -> ProjectionRunner[ServiceEvent]:
    """Return the runner of the fan-out; ``queued`` is set when it may have queued deliveries.

    It is separate and uses small batches, because it locks queues that the delivery worker needs.
    """
    return ProjectionRunner(
        pool,
        event_codec(),
        [WebhookFanOut()],
        topology=topology,
        limits=ProjectionRunnerLimits(batch_partitions_max=4, batch_events_max=256),
        observer=None if queued is None else _Waking(queued),
    )


async def run_webhooks(
    resources: Resources, clock: Clock, stop: asyncio.Event, wakeup: asyncio.Event
) -> None:
    """Queue deliveries of new events, send them, and prune old ones until ``stop`` is set.

    Without a sealing key deliveries are queued and not sent. The reader's checkpoints must exist.
    """
    settings, queued = resources.settings, asyncio.Event()
    runner = fan_out_runner(resources.pool, settings.topology, queued)
    seal = seal_with(settings.sealing_key)
    async with open_sender(reach_of(settings), clock) as sender, asyncio.TaskGroup() as tasks:
        tasks.create_task(runner.run(stop, wakeup))
        tasks.create_task(_prune(resources, clock, stop))
        if seal is None:
            _log.info("webhooks_not_sent", reason="AFTERSALES_SEALING_KEY is not set")
            return
        worker = DeliveryWorker(
            *(resources.pool, sender, seal, clock),
            topology=settings.topology,
            limits=_limits_of(settings),
        )
        tasks.create_task(worker.run(stop, queued))


def _limits_of(settings: Settings) -> DeliveryLimits:
    spare = timedelta(seconds=settings.webhook_spare_seconds)
    return DeliveryLimits(
        lease=timedelta(seconds=settings.webhook_lease_seconds),
        concurrency=ConcurrencyLimits(policy=HealthPolicy(open_min=spare)),
    )


class _Waking:
    """Wakes the delivery worker after queued deliveries are committed."""

    def __init__(self, queued: asyncio.Event) -> None:
        self._queued = queued

    def events_applied(self, reader: str, events: int) -> None:  # noqa: ARG002 - the protocol's signature
        self._queued.set()

    def reader_stopped(self, reader: str, partition_id: int) -> None:
        pass


async def _prune(resources: Resources, clock: Clock, stop: asyncio.Event) -> None:
    retention = timedelta(days=resources.settings.webhook_retention_days)
    while not stop.is_set():
        try:
            pruned = await prune_webhooks(resources.pool, clock.now(), retention=retention)
            _log.info("old_webhook_deliveries_pruned", rows=pruned)
        except _DATABASE_AWAY as error:
            _log.warning("webhook_pruning_failed", reason=error)
        await pause(stop, PRUNE_EVERY_SECONDS)


STEP_ROWS_MAX = 1_000
MESSAGES_KEPT_LONGER = timedelta(days=7)
"""A delivery requeued at the end of its retention needs its message during its attempts."""

# A deleted endpoint has a queue but no row.
LIST_QUEUES = """
SELECT q.partition_id, q.endpoint_id, c.now AS test_now, e.endpoint_id IS NULL AS deleted
FROM after_sales.webhook_queues AS q
LEFT JOIN after_sales.webhook_endpoints AS e
  ON e.partition_id = q.partition_id AND e.endpoint_id = q.endpoint_id
LEFT JOIN after_sales.test_clocks AS c
  ON c.partition_id = q.partition_id AND c.shop_id = q.test_shop_id
WHERE q.partition_id = $1
"""

PRUNE_STEP = """
WITH old AS MATERIALIZED (
    SELECT d.message_id
    FROM after_sales.webhook_deliveries AS d
    WHERE d.partition_id = $1 AND d.endpoint_id = $2 AND d.created_at < $3
    ORDER BY d.created_at, d.message_id
    LIMIT $4
), attempts AS (
    DELETE FROM after_sales.webhook_attempts AS a
    USING old
    WHERE a.partition_id = $1 AND a.endpoint_id = $2 AND a.message_id = old.message_id
)
DELETE FROM after_sales.webhook_deliveries AS d
USING old
WHERE d.partition_id = $1 AND d.endpoint_id = $2 AND d.message_id = old.message_id
RETURNING d.state, d.stream_id
"""

SHRINK = """
UPDATE after_sales.webhook_queues AS q SET pending = q.pending - $3, due_at = least(q.due_at, $4)
WHERE q.partition_id = $1 AND q.endpoint_id = $2
"""

DELETE_QUEUE = """
DELETE FROM after_sales.webhook_queues AS q WHERE q.partition_id = $1 AND q.endpoint_id = $2
"""

PRUNE_MESSAGES = """
DELETE FROM after_sales.webhook_messages AS m
WHERE m.partition_id = $1 AND (m.message_id, m.api_version) IN (
    SELECT o.message_id, o.api_version
    FROM after_sales.webhook_messages AS o
    WHERE o.partition_id = $1 AND o.kept_from < $2
    ORDER BY o.kept_from
    LIMIT $3
)
RETURNING m.message_id
"""


async def prune_webhooks(
    pool: Pool, now: datetime, *, retention: timedelta, step_rows_max: int = STEP_ROWS_MAX
) -> int:
    """Delete deliveries older than ``retention``, settled or not, and those of deleted endpoints.

    Returns the number of deliveries. Many short transactions, one queue each; safe to run
    concurrently.
    """
    pruned = 0
    for partition_id in range(PARTITION_COUNT):
        for row in await pool.fetch(LIST_QUEUES, partition_id):
            own_now = row["test_now"] or now
            before = own_now + timedelta(days=36_500) if row["deleted"] else own_now - retention
            queue = (partition_id, row["endpoint_id"])
            pruned += await _prune_queue(pool, queue, before, own_now, step_rows_max)
            if row["deleted"]:
                await pool.execute(DELETE_QUEUE, *queue)
        await _prune_messages(pool, partition_id, now - retention - MESSAGES_KEPT_LONGER)
    return pruned


async def _prune_queue(
    pool: Pool, queue: tuple[int, UUID], before: datetime, own_now: datetime, step_rows_max: int
) -> int:
    pruned, step = 0, step_rows_max
    while step == step_rows_max:
        async with holding_queues(pool) as connection:
            await connection.fetch(LOCK_QUEUES, [queue[0]], [queue[1]])
            rows = await connection.fetch(PRUNE_STEP, *queue, before, step_rows_max)
            unsent = [row["stream_id"] for row in rows if row["state"] in {"queued", "waiting"}]
            await connection.execute(SHRINK, *queue, len(unsent), own_now if unsent else None)
            # Deliveries that waited for one of these are released.
            streams = {(*queue, stream_id, own_now) for stream_id in unsent}
            await release_next(connection, list(streams))
        step = len(rows)
        pruned += step
    return pruned


async def _prune_messages(database: Queryable, partition_id: int, before: datetime) -> None:
    step = STEP_ROWS_MAX
    while step == STEP_ROWS_MAX:
        rows = await database.fetch(PRUNE_MESSAGES, partition_id, before, STEP_ROWS_MAX)
        step = len(rows)
