"""The worker that sends queued pushes: verdict, call of the provider, record of the outcome.

A push is sent at least once, always with the same id, so that the provider can drop duplicates.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import random

import structlog

from app.clock import Clock
from app.domain.text import in_language
from app.event_store.recorded_event import ClockKind
from app.leased_work.backoff import Backoff
from app.leased_work.worker import LeasedWorker, WorkerLimits
from app.notifications.notification import render
from app.notifications.preferences import Preferences, group_of, preferences_of
from app.notifications.push.devices import SealedDevice, find_devices, forget_device
from app.notifications.push.provider import (
    Accepted,
    PushMessage,
    PushOutcome,
    PushProvider,
    Refused,
    TokenGone,
    TryLater,
    http_provider,
)
from app.notifications.push.queue import (
    ClaimedPush,
    PushReason,
    PushState,
    claim_pushes,
    hold_until,
    retry_at,
    settle,
)
from app.notifications.quiet_hours import quiet_until
from app.postgres.pool import Pool
from app.resources import Resources
from app.sealing import Seal, UnreadableSeal, seal_with
from app.settings import Settings
from app.shop_clocks.clocks import ShopClocks
from app.topology import Topology

RETRIES = Backoff(seconds_min=5, seconds_max=900, factor=4, jitter=0.2)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushLimits(WorkerLimits):
    """The limits of a worker, and of retries."""

    poll_seconds: float = 0.5
    attempts_max: int = 8
    retry_after_seconds_max: float = 3_600
    test_clock_look: timedelta = timedelta(seconds=2)
    """The interval at which held pushes of test clocks are checked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addressed:
    """A claimed push with its device and its recipient's preferences."""

    push: ClaimedPush
    device: SealedDevice | None
    preferences: Preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """The push is settled without being sent."""

    state: PushState
    reason: PushReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The push waits for the end of its recipient's quiet hours."""

    until: datetime


def verdict(
    template: str,
    valid_until: datetime | None,
    preferences: Preferences,
    now: datetime,
    *,
    device_known: bool,
) -> NotSent | Held | None:
    """Return why a push is not sent now, by its recipient's preferences; None if it is to be sent.

    ``now``: by the shop's clock. Decided when the push is due, not when it is queued.
    """
    if not device_known:
        return NotSent(state=PushState.SKIPPED, reason=PushReason.DEVICE_REMOVED)
    if not preferences.push or group_of(template) in preferences.muted:
        return NotSent(state=PushState.SKIPPED, reason=PushReason.SWITCHED_OFF)
    if valid_until is not None and valid_until <= now:
        return NotSent(state=PushState.EXPIRED, reason=PushReason.NO_LONGER_VALID)
    quiet = preferences.quiet_hours
    until = None if quiet is None else quiet_until(quiet, now)
    return None if until is None else Held(until=until)


class PushWorker(LeasedWorker[_Addressed]):
    """Sends queued pushes, within its limits."""

    queue = "pushes"

    def __init__(
        self,
        pool: Pool,
        provider: PushProvider,
        seal: Seal,
        clock: Clock,
        *,
        topology: Topology = Topology.SINGLE,
        limits: PushLimits | None = None,
        random: Callable[[], float] = random,
    ) -> None:
        self._pool = pool
        self._provider = provider
        self._seal = seal
        self._clocks = ShopClocks(pool, clock)
        self._topology = topology
        self._limits = limits or PushLimits()
        self._random = random
        super().__init__(clock, self._limits)

    async def claim(self, now: datetime, until: datetime, rows_max: int) -> Sequence[_Addressed]:
        """Claim pushes, and load their devices and preferences."""
        claimed = await claim_pushes(self._pool, self._topology, now, until, rows_max)
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

    def about(self, work: _Addressed) -> Mapping[str, object]:
        """Return the id of the message at the provider."""
        return {"message_id": str(work.push.key.message_id)}

    async def handle(self, work: _Addressed) -> None:
        """Send a push, unless the verdict is against it, and record the outcome."""
        push, now = work.push, await self._shop_now(work.push)
        device = work.device
        found = verdict(
            *(push.template, push.valid_until, work.preferences, now),
            device_known=device is not None,
        )
        match found:
            case NotSent(state=state, reason=reason):
                await self._settle(push, state, now, reason)
            case Held(until=until):
                await hold_until(self._pool, push, until, self._again(push, until))
            case None:
                assert device is not None  # noqa: S101 - the verdict depends on it
                await self._record(work, device, await self._sent(work, device), now)

    async def _sent(self, one: _Addressed, device: SealedDevice) -> PushOutcome:
        if (
            one.push.attempt > self._limits.attempts_max
        ):  # claimed before, without a recorded outcome
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
                await retry_at(self._pool, push, at, outcome.detail)

    async def _settle(
        self,
        push: ClaimedPush,
        state: PushState,
        now: datetime,
        reason: PushReason | None = None,
        detail: str | None = None,
    ) -> None:
        await settle(self._pool, push, state, now, reason=reason, detail=detail)
        if state is PushState.FAILED:
            _log.warning(
                "push_failed", message_id=str(push.key.message_id), reason=reason, detail=detail
            )

    async def _settle_gone(
        self, push: ClaimedPush, device: SealedDevice, detail: str, now: datetime
    ) -> None:
        reason = PushReason.TOKEN_NO_LONGER_VALID
        async with self._pool.acquire() as connection, connection.transaction():
            await settle(connection, push, PushState.FAILED, now, reason=reason, detail=detail)
            await forget_device(connection, push.key.partition_id, device, now)
        _log.info("push_device_removed", device_id=str(device.device_id), detail=detail)

    async def _shop_now(self, push: ClaimedPush) -> datetime:
        if push.clock is ClockKind.SYSTEM:
            return self._clock.now()
        return await self._clocks.now(push.recipient.shop_id)

    def _again(self, push: ClaimedPush, until: datetime) -> datetime:
        """Return when to check a held push again; a test clock can jump at any time."""
        if push.clock is ClockKind.SYSTEM:
            return until
        return self._clock.now() + self._limits.test_clock_look

    def _delay(self, attempt: int, after_seconds: float | None) -> timedelta:
        limits = self._limits
        delay = RETRIES.after(attempt, self._random())
        asked = min(after_seconds or 0.0, limits.retry_after_seconds_max)
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


def token_seal(settings: Settings) -> Seal | None:
    """Return the seal of push tokens; None without a key."""
    return seal_with(settings.push_token_key)


def sends_pushes(settings: Settings) -> bool:
    """Whether pushes are queued and sent: a provider and a key are set."""
    return settings.push_url is not None and settings.push_token_key is not None


@asynccontextmanager
async def open_push_worker(resources: Resources, clock: Clock) -> AsyncIterator[PushWorker | None]:
    """Open a worker for the provider in the settings; None if there is none."""
    settings, seal = resources.settings, token_seal(resources.settings)
    if settings.push_url is None or seal is None:
        if settings.push_url is not None:
            _log.warning("pushes_not_sent", reason="AFTERSALES_PUSH_TOKEN_KEY is not set")
        yield None
        return
    secret = settings.push_secret
    async with http_provider(
        settings.push_url, None if secret is None else secret.get_secret_value(), clock
    ) as provider:
        yield PushWorker(resources.pool, provider, seal, clock, topology=settings.topology)
