"""The worker that sends what is queued: claim and commit, call the provider, record and commit.

No transaction is open across the network. A push is sent at least once under one id, which lets the
provider drop what it has already; nothing here ever touches an order.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app.clock import Clock
from app.domain.text import in_language
from app.event_store.recorded_event import ClockKind
from app.notifications.notification import render
from app.notifications.preferences import Preferences, preferences_of
from app.notifications.push.claims import (
    ClaimedPush,
    claim_across_partitions,
    claim_by_partition,
)
from app.notifications.push.devices import SealedDevice, find_devices, forget_device
from app.notifications.push.provider import (
    Accepted,
    PushMessage,
    PushOutcome,
    PushProvider,
    Refused,
    TokenGone,
    TryLater,
)
from app.notifications.push.queue import (
    PushReason,
    PushState,
    hold_until,
    retry_at,
    settle,
)
from app.notifications.push.verdict import Expire, Hold, SendNow, Skip, verdict
from app.postgres.pool import Pool
from app.sealing import Seal, UnreadableSeal
from app.shop_clocks.reading import ShopClocks
from app.topology import Topology
from app.waiting import pause

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushLimits:
    """How much a worker takes on, and how it tries again. Delays are in seconds."""

    concurrency_max: int = 16
    lease: timedelta = timedelta(seconds=60)
    poll_seconds: float = 0.5
    attempts_max: int = 8
    retry_delays: tuple[float, ...] = (5, 20, 80, 320, 900)
    retry_jitter: float = 0.2
    retry_after_max: float = 3_600
    test_clock_look: timedelta = timedelta(seconds=2)
    """How often it is looked whether a test clock has left somebody's quiet hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addressed:
    """A claimed push with what is known of its recipient."""

    push: ClaimedPush
    device: SealedDevice | None
    preferences: Preferences


class PushWorker:
    """Sends queued pushes, as many at a time as the limits say. Run as many as you like."""

    def __init__(
        self,
        pool: Pool,
        provider: PushProvider,
        seal: Seal,
        clock: Clock,
        *,
        topology: Topology = Topology.SINGLE,
        limits: PushLimits | None = None,
        jitter: Callable[[], float] = lambda: random.uniform(-1, 1),  # noqa: S311 - no secret
    ) -> None:
        self._pool = pool
        self._provider = provider
        self._seal = seal
        self._clock = clock
        self._clocks = ShopClocks(pool, clock)
        self._claim = claim_across_partitions if topology is Topology.SINGLE else claim_by_partition
        self._limits = limits or PushLimits()
        self._jitter = jitter

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop, then let calls under way end. No failure ends it."""
        under_way: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as tasks:
            while not stop.is_set():
                room = self._limits.concurrency_max - len(under_way)
                if not room:
                    await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                    continue
                claimed = await self._attempt(room)
                for one in claimed:
                    task = tasks.create_task(self._deliver_logged(one))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                if not claimed:
                    await pause(stop, self._limits.poll_seconds)

    async def run_once(self) -> int:
        """Claim what is due, send it, and return how many pushes that were."""
        claimed = await self._addressed(self._limits.concurrency_max)
        async with asyncio.TaskGroup() as tasks:
            for one in claimed:
                tasks.create_task(self._deliver(one))
        return len(claimed)

    async def _attempt(self, room: int) -> Sequence[_Addressed]:
        try:
            return await self._addressed(room)
        except Exception:  # noqa: BLE001 - the edge of the loop: the next round tries again
            _log.exception("pushes_round_failed")
            return ()

    async def _addressed(self, room: int) -> list[_Addressed]:
        """Claim pushes and find out where they go; a claim whose address fails runs out."""
        now = self._clock.now()
        claimed = await self._claim(self._pool, now, now + self._limits.lease, room)
        if not claimed:
            return []
        devices = await find_devices(
            self._pool,
            {push.key.partition_id for push in claimed},
            {push.key.device_id for push in claimed},
        )
        recipients = list({push.recipient.key for push in claimed})
        preferences = await preferences_of(self._pool, recipients)
        return [
            _Addressed(
                push=push,
                device=devices.get(push.key.device_id),
                preferences=preferences[push.recipient.key],
            )
            for push in claimed
        ]

    async def _deliver_logged(self, one: _Addressed) -> None:
        try:
            await self._deliver(one)
        except Exception:  # noqa: BLE001 - one push must not keep the others from being sent
            _log.exception("push_not_recorded", message_id=str(one.push.key.message_id))

    async def _deliver(self, one: _Addressed) -> None:
        push, now = one.push, await self._shop_now(one.push)
        judged = verdict(
            push.template,
            push.valid_until,
            one.preferences,
            now,
            device_known=one.device is not None,
        )
        match judged:
            case Skip(reason=reason):
                await self._settle(push, PushState.SKIPPED, now, reason)
            case Expire():
                await self._settle(push, PushState.EXPIRED, now, PushReason.NO_LONGER_VALID)
            case Hold(until=until):
                await hold_until(
                    self._pool, push.key, push.attempt, until, self._again(push, until)
                )
            case SendNow():
                assert one.device is not None  # noqa: S101 - as just judged
                await self._record(one, one.device, await self._sent(one, one.device), now)

    async def _sent(self, one: _Addressed, device: SealedDevice) -> PushOutcome:
        if one.push.attempt > self._limits.attempts_max:  # it was claimed and never recorded
            return TryLater(detail="attempts_exhausted")
        try:
            token = self._seal.open(device.token_sealed, device.device_id.bytes)
        except UnreadableSeal:
            _log.error("push_token_unreadable", device_id=str(device.device_id))
            return TryLater(detail="UnreadableSeal")
        return await self._provider.send(_message(one, device, token))

    async def _record(
        self, one: _Addressed, device: SealedDevice, outcome: PushOutcome, now: datetime
    ) -> None:
        push = one.push
        match outcome:
            case Accepted():
                await self._settle(push, PushState.SENT, now)
            case TokenGone(detail=detail):
                await self._settle_gone(push, device, detail, now)
            case Refused(detail=detail):
                reason = PushReason.REFUSED_BY_PROVIDER
                await self._settle(push, PushState.FAILED, now, reason, detail)
            case TryLater(detail=detail) if push.attempt >= self._limits.attempts_max:
                reason = PushReason.ATTEMPTS_EXHAUSTED
                await self._settle(push, PushState.FAILED, now, reason, detail)
            case TryLater():
                at = self._clock.now() + self._delay(push.attempt, outcome.after_seconds)
                await retry_at(self._pool, push.key, push.attempt, at, outcome.detail)

    async def _settle(
        self,
        push: ClaimedPush,
        state: PushState,
        now: datetime,
        reason: PushReason | None = None,
        detail: str | None = None,
    ) -> None:
        await settle(self._pool, push.key, push.attempt, state, now, reason=reason, detail=detail)
        if state is PushState.FAILED:
            _log.warning(
                "push_failed", message_id=str(push.key.message_id), reason=reason, detail=detail
            )

    async def _settle_gone(
        self, push: ClaimedPush, device: SealedDevice, detail: str, now: datetime
    ) -> None:
        reason = PushReason.TOKEN_NO_LONGER_VALID
        async with self._pool.acquire() as connection, connection.transaction():
            await settle(
                connection,
                push.key,
                push.attempt,
                PushState.FAILED,
                now,
                reason=reason,
                detail=detail,
            )
            await forget_device(connection, push.key.partition_id, device, now)
        _log.info("push_device_removed", device_id=str(device.device_id), detail=detail)

    async def _shop_now(self, push: ClaimedPush) -> datetime:
        if push.clock is ClockKind.SYSTEM:
            return self._clock.now()
        return await self._clocks.now(push.recipient.shop_id)

    def _again(self, push: ClaimedPush, until: datetime) -> datetime:
        """Return when to look again at what is held back; a test clock can jump at any time."""
        if push.clock is ClockKind.SYSTEM:
            return until
        return self._clock.now() + self._limits.test_clock_look

    def _delay(self, attempt: int, after_seconds: float | None) -> timedelta:
        limits = self._limits
        delay = limits.retry_delays[min(attempt, len(limits.retry_delays)) - 1]
        delay *= 1 + limits.retry_jitter * self._jitter()
        asked = min(after_seconds or 0.0, limits.retry_after_max)
        return timedelta(seconds=max(delay, asked))


def _message(one: _Addressed, device: SealedDevice, token: str) -> PushMessage:
    push, language = one.push, one.preferences.language
    words = render(push.template, push.params)
    about = {name: value for name, value in push.params.items() if name.endswith("_id")}
    return PushMessage(
        id=push.key.message_id,
        platform=device.platform.value,
        token=token,
        title=in_language(words.title, language),
        body=in_language(words.body, language),
        language=language,
        data={
            "notification_id": str(push.key.notification_id),
            "shop_id": push.recipient.shop_id,
            "template": push.template,
            **{name: str(value) for name, value in about.items()},
        },
    )
