"""The worker that sends due deliveries, within the capacity and the rate limit of each endpoint.

A delivery is sent at least once, always with the same id, so that a receiver can drop duplicates.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import random
from uuid import UUID

import structlog

from app.clock import Clock
from app.domain.webhook_endpoints import DisabledReason
from app.leased_work.worker import LeasedWorker, WorkerLimits
from app.postgres.pool import Pool
from app.sealing import Seal, UnreadableSeal
from app.shop_clocks.clocks import ShopClocks
from app.topology import Topology
from app.webhooks.breaker import disabled_reason
from app.webhooks.deliveries import claims
from app.webhooks.deliveries.endpoint_concurrency import ConcurrencyLimits, EndpointConcurrency
from app.webhooks.deliveries.endpoint_notices import disable_endpoint, failing_since
from app.webhooks.deliveries.recording import AttemptRecorder, EndedAttempt
from app.webhooks.deliveries.targets import DeliveryTarget, Targets, body_for, reserve_slots
from app.webhooks.endpoints.endpoint import Owner
from app.webhooks.outcomes import Attempt, next_attempt_at, retry_after_of
from app.webhooks.sending import Message, Sender, Target

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLimits:
    """The limits of a worker. ``lease``: longer than a rate limit's wait plus an attempt."""

    concurrency: ConcurrencyLimits = field(default_factory=ConcurrencyLimits)
    lease: timedelta = timedelta(seconds=60)
    poll_seconds: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addressed:
    """A claimed delivery, its endpoint, and the wait for the endpoint's rate limit."""

    delivery: claims.ClaimedDelivery
    target: DeliveryTarget
    wait_seconds: float


class DeliveryWorker(LeasedWorker[_Addressed]):
    """Sends what is due, endpoint by endpoint, within the capacity of each.

    It has its own claim, because each endpoint has a queue and a bound; the fence is the number of
    the attempt.
    """

    queue = "webhook_deliveries"

    def __init__(
        self,
        pool: Pool,
        sender: Sender,
        seal: Seal,
        clock: Clock,
        *,
        topology: Topology = Topology.SINGLE,
        limits: DeliveryLimits | None = None,
        random: Callable[[], float] = random,
    ) -> None:
        limits = limits or DeliveryLimits()
        self._pool = pool
        self._sender = sender
        self._seal = seal
        self._clocks = ShopClocks(pool, clock)
        self._policy = limits.concurrency.policy
        self._concurrency = EndpointConcurrency(limits.concurrency)
        self._targets = Targets(seal)
        self._recorder = AttemptRecorder(pool, topology)
        self._apart: Callable[[claims.Queue], int] = (
            (lambda queue: queue[0]) if topology is Topology.CITUS else (lambda _: 0)
        )
        self._random = random
        worker_limits = WorkerLimits(
            concurrency_max=limits.concurrency.total_max,
            lease=limits.lease,
            poll_seconds=limits.poll_seconds,
        )
        super().__init__(clock, worker_limits)

    async def claim(
        self,
        now: datetime,
        until: datetime,
        rows_max: int,  # noqa: ARG002 - bounded per endpoint and in all
    ) -> list[_Addressed]:
        """Claim what is due for endpoints with capacity; on Citus, partition by partition."""
        due = await claims.find_due_queues(
            self._pool, now, list(self._concurrency.without_capacity(now))
        )
        together: defaultdict[int, dict[claims.Queue, int]] = defaultdict(dict)
        for queue, free in self._concurrency.allocate(due).items():
            together[self._apart(queue)][queue] = free
        claimed: list[_Addressed] = []
        for capacity in together.values():
            claimed += await self._claim_of(capacity, now, until)
        return claimed

    def about(self, work: _Addressed) -> Mapping[str, object]:
        """Return the message's id."""
        return {"message_id": str(work.delivery.key.message_id)}

    async def _claim_of(
        self, capacity: dict[claims.Queue, int], now: datetime, until: datetime
    ) -> list[_Addressed]:
        deliveries = await claims.claim_deliveries(self._pool, capacity, now, until)
        of_endpoint: defaultdict[UUID, list[claims.ClaimedDelivery]] = defaultdict(list)
        for delivery in deliveries:
            of_endpoint[delivery.key.endpoint_id].append(delivery)
        targets = await self._open_targets({delivery.key.queue for delivery in deliveries})
        claimed: list[_Addressed] = []
        for endpoint_id, own in of_endpoint.items():
            target = targets.get(endpoint_id)
            if target is not None:  # else it has been deleted
                waits = await self._waits(target, len(own))
                for delivery, wait_seconds in zip(own, waits, strict=True):
                    self._concurrency.acquire(endpoint_id, delivery.endpoint_now)
                    claimed.append(
                        _Addressed(delivery=delivery, target=target, wait_seconds=wait_seconds)
                    )
        return claimed

    async def _open_targets(self, queues: set[claims.Queue]) -> dict[UUID, DeliveryTarget]:
        """Unseal endpoints; those that fail are left out, and their claims expire."""
        if not queues:
            return {}
        try:
            return await self._targets.fetch(self._pool, queues)
        except UnreadableSeal:
            if len(queues) == 1:
                _log.error("webhook_endpoint_unreadable", endpoint_id=str(next(iter(queues))[1]))
                return {}
        found: dict[UUID, DeliveryTarget] = {}
        for queue in queues:
            found |= await self._open_targets({queue})
        return found

    async def _waits(self, target: DeliveryTarget, attempts: int) -> list[float]:
        if target.rate_per_second is None:
            return [0.0] * attempts
        home = Owner(target.shop_id).home
        return await reserve_slots(
            self._pool, home, target.endpoint_id, target.rate_per_second, attempts
        )

    async def handle(self, work: _Addressed) -> None:
        """Send a delivery when its rate limit allows, and record the outcome."""
        delivery, endpoint_id = work.delivery, work.delivery.key.endpoint_id
        try:
            if work.wait_seconds > 0:
                await asyncio.sleep(work.wait_seconds)
            if self._clock.now() >= delivery.until:
                return  # the lease has expired, and another worker may have claimed it
            attempt = await self._sent(work)
            now = await self._endpoint_now(delivery)
            self._concurrency.record(endpoint_id, attempt.outcome, now)
            failing = await self._recorder.record(self._ended_attempt(work, attempt, now))
        finally:
            self._concurrency.release(endpoint_id)
            self._ended.set()
        await self._disable_if_hopeless(work, attempt, failing, now)

    async def _sent(self, one: _Addressed) -> Attempt:
        delivery, target = one.delivery, one.target
        body = body_for(target.include, delivery.body)
        return await self._sender.send(
            Target(
                endpoint_id=str(target.endpoint_id),
                url=target.url,
                secrets=target.secrets.signing_at(delivery.endpoint_now),
                headers=target.headers,
            ),
            Message(id=str(delivery.key.message_id), body=body.encode()),
        )

    def _ended_attempt(self, one: _Addressed, attempt: Attempt, now: datetime) -> EndedAttempt:
        retry_at = next_attempt_at(
            one.delivery.tried, now, self._random(), retry_after_of(attempt.outcome)
        )
        return EndedAttempt(delivery=one.delivery, attempt=attempt, at=now, retry_at=retry_at)

    async def _disable_if_hopeless(
        self, one: _Addressed, attempt: Attempt, since: datetime | None, now: datetime
    ) -> None:
        """Disable the endpoint if this attempt demands it, considering all partitions."""
        outcome, owner = attempt.outcome, Owner(one.target.shop_id)
        reason = disabled_reason(outcome, since, now, self._policy)
        if reason is DisabledReason.FAILING:
            since = await failing_since(self._pool, owner, one.target.endpoint_id)
            reason = disabled_reason(outcome, since, now, self._policy)
        if reason is not None:
            await disable_endpoint(
                *(self._pool, self._seal, owner, one.target.endpoint_id, reason),
                now=now,
                test_mode=one.delivery.test_shop_id is not None,
            )

    async def _endpoint_now(self, delivery: claims.ClaimedDelivery) -> datetime:
        """Return the present by the owner's clock."""
        if delivery.test_shop_id is None:
            return self._clock.now()
        return await self._clocks.now(delivery.test_shop_id)
