"""Everything that makes webhooks go in a worker process: fan-out, sending, forgetting."""

import asyncio
from datetime import timedelta

import structlog

from app.clock import Clock
from app.event_store.connections import LOST_CONNECTION
from app.event_types.registry import ServiceEvent, event_codec
from app.postgres.pool import CONNECTION_FAILURES, Pool
from app.projections.runner import ProjectionRunner, ProjectionRunnerLimits
from app.resources import Resources
from app.sealing import seal_with
from app.settings import Settings
from app.topology import Topology
from app.waiting import pause
from app.webhooks.breaker import HealthPolicy
from app.webhooks.deliveries.endpoint_concurrency import ConcurrencyLimits
from app.webhooks.deliveries.fan_out import WebhookFanOut
from app.webhooks.deliveries.pruning import prune_webhooks
from app.webhooks.deliveries.worker import DeliveryLimits, DeliveryWorker
from app.webhooks.sending import open_sender, reach_of

PRUNE_EVERY_SECONDS = 600.0

_log = structlog.get_logger(__name__)
_DATABASE_AWAY: tuple[type[Exception], ...] = (*CONNECTION_FAILURES, *LOST_CONNECTION)


def fan_out_runner(
    pool: Pool, topology: Topology, queued: asyncio.Event | None = None
) -> ProjectionRunner[ServiceEvent]:
    """Return what lets the fan-out follow the log; ``queued`` is set when it may have queued.

    It goes by itself and in small steps: it locks queues, which the sending of deliveries wants.
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
    resources: Resources, clock: Clock, stop: asyncio.Event, heard: asyncio.Event
) -> None:
    """Queue what happens and send what is queued, until told to stop.

    Without a key to open secrets with, deliveries are queued and not sent. The reader needs its
    checkpoints.
    """
    settings, queued = resources.settings, asyncio.Event()
    runner = fan_out_runner(resources.pool, settings.topology, queued)
    seal = seal_with(settings.sealing_key)
    async with (
        open_sender(reach_of(settings), clock) as sender,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(runner.run(stop, heard))
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
    """Wakes whoever sends, once what was queued is committed."""

    def __init__(self, queued: asyncio.Event) -> None:
        self._queued = queued

    def events_applied(self, reader: str, events: int) -> None:  # noqa: ARG002 - the protocol's
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
