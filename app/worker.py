"""The worker: follows the log, acts on deadlines, applies rules, prunes old requests.

Run as many as you like, in as many processes as you like: none leads, none waits for another.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from uuid_utils.compat import uuid7

from app.clock import Clock
from app.command_handling.apply_due_deadlines import Silent, deadlines_request
from app.command_handling.handler import CommandHandler
from app.command_handling.opening import open_command_handler
from app.domain.policy import POLICY
from app.event_store.announcer import LOG_CHANNEL
from app.event_store.connections import LOST_CONNECTION, OwnConnection
from app.event_store.idempotency import prune_requests
from app.event_store.streams import order_of_stream
from app.event_types.registry import ServiceEvent, event_codec, funds_codec, order_codec
from app.leased_work.backoff import Backoff
from app.notifications.push.reader import PushesReader
from app.notifications.push.worker import open_push_worker, sends_pushes
from app.payments.executor import PaymentExecutor, RefundLimits, RefundWorker
from app.payments.funding import FUNDING_READER, FundingReader
from app.payments.provider.http import ProviderNotConfigured, open_payment_provider
from app.postgres.pool import CONNECTION_FAILURES, Pool, connect
from app.processes.assistant.rule_evaluation import Assistant
from app.processes.assistant.worker import AssistantWorker, nothing_to_judge
from app.processes.deadlines import Act, DeadlineWorker
from app.processes.test_clocks import ActAndTell, TestClockWorker
from app.projection_registry import READERS
from app.projections.checkpoints import ensure_checkpoints
from app.projections.deadlines import next_due
from app.projections.runner import ProjectionRunner, ProjectionRunnerLimits
from app.projections.wakeup import LogListener
from app.resources import Resources
from app.sealing import seal_with
from app.settings import Settings
from app.shop_clocks.clocks import CLOCK_CHANNEL
from app.topology import Topology
from app.waiting import pause
from app.webhooks.deliveries.fan_out import FANOUT_READER
from app.webhooks.deliveries.opening import run_webhooks

PRUNE_EVERY_SECONDS = 600.0
RETRY_SECONDS = 1.0

_log = structlog.get_logger(__name__)
_DATABASE_AWAY: tuple[type[Exception], ...] = (*CONNECTION_FAILURES, *LOST_CONNECTION)


async def run_worker(resources: Resources, clock: Clock, stop: asyncio.Event) -> None:
    """Work until ``stop`` is set. A lost database is waited for."""
    settings, pool = resources.settings, resources.pool

    async def own_connection() -> OwnConnection:
        return await connect(resources.database_url, settings)

    readers = (*READERS, PushesReader(queueing=sends_pushes(settings)))
    names = [*(reader.name for reader in readers), FUNDING_READER, FANOUT_READER]
    await _wait_for_checkpoints(resources, names, stop)
    limits = ProjectionRunnerLimits(idle_seconds_max=settings.claim_idle_seconds_max)
    runner = ProjectionRunner(
        pool, event_codec(), readers, topology=settings.topology, limits=limits
    )
    funding = funding_runner(pool, settings.topology, limits)
    clocks_wakeup, log_wakeup = asyncio.Event(), asyncio.Event()
    also_heard = {CLOCK_CHANNEL: clocks_wakeup, LOG_CHANNEL: log_wakeup}
    async with (
        LogListener(own_connection, also=also_heard) as listener,
        open_command_handler(resources, clock) as handler,
        open_push_worker(resources, clock) as pushes,
        asyncio.TaskGroup() as tasks,
    ):
        deadlines = DeadlineWorker(pool, act_with(handler), clock, topology=settings.topology)
        tasks.create_task(runner.run(stop, listener.wakeup))
        tasks.create_task(funding.run(stop))
        tasks.create_task(_pay_refunds(resources, handler, clock, stop))
        test_clocks = TestClockWorker(
            pool,
            act_and_tell_with(handler),
            clock,
            settled=nothing_to_judge,
            topology=settings.topology,
        )
        tasks.create_task(deadlines.run(stop))
        tasks.create_task(test_clocks.run(stop, clocks_wakeup))
        assistant = Assistant(pool, order_codec(), handler.handle)
        judging = AssistantWorker(pool, assistant.judge, clock, topology=settings.topology)
        tasks.create_task(judging.run(stop))
        tasks.create_task(_prune(resources, clock, stop))
        tasks.create_task(run_webhooks(resources, clock, stop, log_wakeup))
        if pushes is not None:
            tasks.create_task(pushes.run(stop))
        _log.info("worker_started", readers=names, pushes=pushes is not None)


async def _pay_refunds(
    resources: Resources, handler: CommandHandler, clock: Clock, stop: asyncio.Event
) -> None:
    """Carry out what goes to buyers, if there is a provider for it; else finance reports it."""
    try:
        async with open_payment_provider(resources.settings) as provider:
            backoff, limits = refund_limits(resources.settings)
            seal = seal_with(resources.settings.sealing_key)
            executor = PaymentExecutor(
                resources.pool, order_codec(), handler, provider, seal=seal, backoff=backoff
            )
            worker = RefundWorker(
                *(resources.pool, executor, clock),
                topology=resources.settings.topology,
                limits=limits,
            )
            await worker.run(stop)
    except ProviderNotConfigured:
        _log.info("refunds_left_to_finance", reason="no payment provider is configured")


def refund_limits(settings: Settings) -> tuple[Backoff, RefundLimits]:
    """Return how long refunds wait; no lease is shorter than asking about one and sending it."""
    asking_seconds = 2 * settings.provider_timeout_seconds + 1
    lease = timedelta(seconds=max(settings.refund_lease_seconds, asking_seconds))
    backoff = Backoff(
        seconds_min=settings.refund_pause_seconds_min,
        seconds_max=settings.refund_pause_seconds_max,
    )
    return backoff, RefundLimits(lease=lease)


def funding_runner(
    pool: Pool, topology: Topology, limits: ProjectionRunnerLimits | None = None
) -> ProjectionRunner[ServiceEvent]:
    """Return what lets the funding reader follow the log.

    It has a runner to itself, a partition at a time: it holds the head's lock while it books. Its
    commits are waited for, because what it books is paid.
    """
    reader = FundingReader(orders=order_codec(), funds=funds_codec(), policy=POLICY)
    return ProjectionRunner(
        pool,
        event_codec(),
        [reader],
        topology=topology,
        limits=replace(
            limits or ProjectionRunnerLimits(), batch_partitions_max=1, batch_events_max=256
        ),
        durable=True,
    )


def act_with(handler: CommandHandler) -> Act:
    """Return what lets an order act on its deadlines through a command handler."""

    async def act(_partition_id: int, stream_id: str) -> None:
        request = deadlines_request(*order_of_stream(stream_id), str(uuid7()))
        await handler.handle(request, Silent())

    return act


def act_and_tell_with(handler: CommandHandler) -> ActAndTell:
    """Return what lets an order act on its deadlines and returns which comes next."""

    async def act(_partition_id: int, stream_id: str) -> datetime | None:
        silent = Silent()
        request = deadlines_request(*order_of_stream(stream_id), str(uuid7()))
        await handler.handle(request, silent)
        return next_due(recorded.event for recorded in silent.history)

    return act


async def _wait_for_checkpoints(
    resources: Resources, readers: Sequence[str], stop: asyncio.Event
) -> None:
    """See that every reader has its checkpoints, however long the database is away."""
    while not stop.is_set():
        try:
            async with resources.pool.acquire() as connection:
                await ensure_checkpoints(connection, readers)
        except _DATABASE_AWAY as error:
            _log.warning("worker_waits_for_database", reason=error)
            await pause(stop, RETRY_SECONDS)
        else:
            return


async def _prune(resources: Resources, clock: Clock, stop: asyncio.Event) -> None:
    retention = timedelta(hours=resources.settings.idempotency_retention_hours)
    while not stop.is_set():
        try:
            pruned = await prune_requests(resources.pool, clock.now(), retention=retention)
            _log.info("old_requests_pruned", rows=pruned)
        except _DATABASE_AWAY as error:
            _log.warning("pruning_failed", reason=error)
        await pause(stop, PRUNE_EVERY_SECONDS)
