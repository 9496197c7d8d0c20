"""The worker that sends deliveries: claim and commit, send, record and commit.

No transaction is open across the network. A delivery is sent at least once, under one id, which
lets a receiver drop what it has already. Run as many as you like.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from app.clock import Clock
from app.domain.webhook_endpoints import DisabledReason
from app.postgres.pool import Pool
from app.sealing import Seal, UnreadableSeal
from app.shop_clocks.reading import ShopClocks
from app.topology import Topology
from app.waiting import wait_for_any
from app.webhooks.deliveries.claims import (
    ClaimedDelivery,
    Queue,
    claim_deliveries,
    find_due_queues,
)
from app.webhooks.deliveries.disabling import disable_by_itself, has_failed_for
from app.webhooks.deliveries.ending import ended
from app.webhooks.deliveries.endpoint_concurrency import ConcurrencyLimits, EndpointConcurrency
from app.webhooks.deliveries.recorder import AttemptRecorder, Failing
from app.webhooks.deliveries.recording import EndedAttempt
from app.webhooks.deliveries.targets import DeliveryTarget, Targets, body_for, take_turns
from app.webhooks.endpoints.endpoint import Owner
from app.webhooks.outcomes import Attempt, Gone, retry_after_of
from app.webhooks.schedule import SendAgain, next_attempt
from app.webhooks.sending import Message, Sender, Target

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLimits:
    """How much a worker takes on. ``lease``: longer than a turn and an attempt together take."""

    rooms: ConcurrencyLimits = field(default_factory=ConcurrencyLimits)
    lease: timedelta = timedelta(seconds=60)
    poll_seconds: float = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addressed:
    """A claimed delivery, where it goes, and how long its turn is away."""

    delivery: ClaimedDelivery
    target: DeliveryTarget
    wait_seconds: float


class DeliveryWorker:
    """Sends what is due, endpoint by endpoint, as much of each as there is room for."""

    def __init__(
        self,
        pool: Pool,
        sender: Sender,
        seal: Seal,
        clock: Clock,
        *,
        topology: Topology = Topology.SINGLE,
        limits: DeliveryLimits | None = None,
        lot: Callable[[], float] = random.random,
    ) -> None:
        self._pool = pool
        self._sender = sender
        self._seal = seal
        self._clock = clock
        self._clocks = ShopClocks(pool, clock)
        self._limits = limits or DeliveryLimits()
        self._rooms = EndpointConcurrency(self._limits.rooms)
        self._targets = Targets(seal)
        self._recorder = AttemptRecorder(pool, topology)
        self._apart: Callable[[Queue], int] = (
            (lambda queue: queue[0]) if topology is Topology.CITUS else (lambda _: 0)
        )
        self._lot = lot
        self._ended = asyncio.Event()

    async def run(self, stop: asyncio.Event, heard: asyncio.Event | None = None) -> None:
        """Work until told to stop, then let attempts under way end. No failure ends it."""
        heard = heard or asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            while not stop.is_set():
                heard.clear()
                self._ended.clear()
                claimed = await self._attempt_claim()
                for one in claimed:
                    tasks.create_task(self._deliver_logged(one))
                if not claimed:
                    await wait_for_any(self._limits.poll_seconds, stop, heard, self._ended)

    async def run_once(self) -> int:
        """Send all that is due and finds room; return how many attempts that were."""
        claimed = await self._claim()
        async with asyncio.TaskGroup() as tasks:
            for one in claimed:
                tasks.create_task(self._deliver(one))
        return len(claimed)

    async def _attempt_claim(self) -> Sequence[_Addressed]:
        try:
            return await self._claim()
        except Exception:  # noqa: BLE001 - the edge of the loop: the next round tries again
            _log.exception("webhooks_round_failed")
            return ()

    async def _claim(self) -> list[_Addressed]:
        """Claim what is due for endpoints that have room; on Citus, each partition by itself."""
        now = self._clock.now()
        due = await find_due_queues(self._pool, now, list(self._rooms.without_room(now)))
        together: defaultdict[int, dict[Queue, int]] = defaultdict(dict)
        for queue, room in self._rooms.allot(due).items():
            together[self._apart(queue)][queue] = room
        claimed: list[_Addressed] = []
        for rooms in together.values():
            claimed += await self._claim_of(rooms, now)
        return claimed

    async def _claim_of(self, rooms: dict[Queue, int], now: datetime) -> list[_Addressed]:
        deliveries = await claim_deliveries(self._pool, rooms, now, now + self._limits.lease)
        of_endpoint: defaultdict[UUID, list[ClaimedDelivery]] = defaultdict(list)
        for delivery in deliveries:
            of_endpoint[delivery.key.endpoint_id].append(delivery)
        targets = await self._open_targets({delivery.key.queue for delivery in deliveries})
        claimed: list[_Addressed] = []
        for endpoint_id, own in of_endpoint.items():
            target = targets.get(endpoint_id)
            if target is not None:  # it was deleted meanwhile
                waits = await self._turns(target, len(own))
                for delivery, wait_seconds in zip(own, waits, strict=True):
                    self._rooms.take(endpoint_id, delivery.own_now)
                    claimed.append(
                        _Addressed(delivery=delivery, target=target, wait_seconds=wait_seconds)
                    )
        return claimed

    async def _open_targets(self, queues: set[Queue]) -> dict[UUID, DeliveryTarget]:
        """Open endpoints; those that cannot be opened are left out, and their claims run out."""
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

    async def _turns(self, target: DeliveryTarget, turns: int) -> list[float]:
        if target.rate_per_second is None:
            return [0.0] * turns
        home = Owner(target.shop_id).home
        return await take_turns(self._pool, home, target.endpoint_id, target.rate_per_second, turns)

    async def _deliver_logged(self, one: _Addressed) -> None:
        try:
            await self._deliver(one)
        except Exception:  # noqa: BLE001 - one delivery must not keep the others from being sent
            _log.exception("webhook_not_recorded", message_id=str(one.delivery.key.message_id))

    async def _deliver(self, one: _Addressed) -> None:
        endpoint_id = one.delivery.key.endpoint_id
        try:
            if one.wait_seconds > 0:
                await asyncio.sleep(one.wait_seconds)
            if self._clock.now() >= one.delivery.until:
                return  # this process stood still, and it is another's by now
            attempt = await self._sent(one)
            now = await self._own_now(one.delivery)
            self._rooms.note(endpoint_id, attempt.outcome, now)
            failing = await self._recorder.record(self._ended_attempt(one, attempt, now))
        finally:
            self._rooms.leave(endpoint_id)
            self._ended.set()
        await self._disable_if_hopeless(one, attempt, failing, now)

    async def _sent(self, one: _Addressed) -> Attempt:
        delivery, target = one.delivery, one.target
        body = body_for(target.include, delivery.body)
        return await self._sender.send(
            Target(
                endpoint_id=str(target.endpoint_id),
                url=target.url,
                secrets=target.secrets.signing_at(delivery.own_now),
                headers=target.headers,
            ),
            Message(id=str(delivery.key.message_id), body=body.encode()),
        )

    def _ended_attempt(self, one: _Addressed, attempt: Attempt, now: datetime) -> EndedAttempt:
        again = next_attempt(one.delivery.tried, now, self._lot(), retry_after_of(attempt.outcome))
        retry_at = again.at if isinstance(again, SendAgain) else None
        return ended(one.delivery, attempt, now, retry_at)

    async def _disable_if_hopeless(
        self, one: _Addressed, attempt: Attempt, failing: Failing, now: datetime
    ) -> None:
        target, reason = one.target, None
        owner, failing_max = Owner(target.shop_id), self._limits.rooms.policy.failing_max
        since = failing.get(target.endpoint_id)
        if isinstance(attempt.outcome, Gone):
            reason = DisabledReason.GONE
        elif since is not None and now - since >= failing_max:
            hopeless = await has_failed_for(self._pool, owner, target.endpoint_id, failing_max, now)
            reason = DisabledReason.FAILING if hopeless else None
        if reason is not None:
            await disable_by_itself(
                *(self._pool, self._seal, owner, target.endpoint_id, reason),
                now=now,
                test_mode=one.delivery.test_shop_id is not None,
            )

    async def _own_now(self, delivery: ClaimedDelivery) -> datetime:
        """Return the present of the endpoint's owner."""
        if delivery.test_shop_id is None:
            return self._clock.now()
        return await self._clocks.now(delivery.test_shop_id)
