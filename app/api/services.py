"""What the routes work with, put together once at start-up."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import FastAPI
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.requests import Request

from app.access.authentication import Authentication
from app.api.authorization import RateLimiter
from app.api.sse.open_streams import LiveStreams
from app.clock import Clock
from app.command_handling.funds_handler import FundsHandler
from app.command_handling.handler import CommandHandler
from app.domain.order.events import OrderEvent
from app.domain.policy import Policy
from app.event_store.codec import Codec
from app.event_store.recorded_event import ClockKind
from app.notifications.notification import RecipientKey
from app.payments.provider.port import ProviderBook
from app.projections.wakeup import ChangeListener
from app.resources import Resources
from app.sealing import Seal
from app.shop_clocks.clocks import ShopClocks
from app.webhooks.feed.reader import FeedKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The live things behind the API."""

    resources: Resources
    clock: Clock
    policy: Policy
    codec: Codec[OrderEvent]
    handler: CommandHandler
    funds: FundsHandler
    authentication: Authentication
    rate_limiter: RateLimiter
    streams: LiveStreams
    inboxes: ChangeListener[RecipientKey]
    """Wakes those who follow an inbox."""
    feeds: ChangeListener[FeedKey]
    """Wakes those who follow the events of a shop, or of all."""
    token_seal: Seal | None
    """Keeps push tokens; None where no key is set."""
    seal: Seal | None
    """Keeps other secrets that are read again; None where no key is set."""
    provider: ProviderBook | None
    """The payment provider's book; None where no provider is configured."""
    metrics: CollectorRegistry
    steps_at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    """Held by requests that keep a connection for their key while they work with others."""

    @property
    def shop_clocks(self) -> ShopClocks:
        """Reads the present of any shop."""
        return ShopClocks(self.resources.pool, self.clock)

    async def present(self, shop_id: str, clock: ClockKind) -> datetime:
        """Return when it is in a shop of a known kind of clock; only a test clock is looked at."""
        if clock is ClockKind.SYSTEM:
            return self.clock.now()
        return await self.shop_clocks.now(shop_id)


def services_of(request: Request) -> Services:
    """Return the services of the application a request came to."""
    services = request.app.state.services
    assert isinstance(services, Services)  # noqa: S101 - set before the first request
    return services


def end_streams(app: FastAPI) -> None:
    """End the live streams of an application that is about to stop; it would wait for them."""
    services = getattr(app.state, "services", None)
    if isinstance(services, Services):  # missing if it never started
        services.streams.end()


class AppendMetrics:
    """Counts appends and events, and times the statements that write them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._items = Counter(
            "aftersales_append_items", "Appends sent, whatever their outcome.", registry=registry
        )
        self._events = Counter(
            "aftersales_append_events", "Events written to the log.", registry=registry
        )
        self._seconds = Histogram(
            "aftersales_append_batch_seconds",
            "Time of one batch of appends, its commit included.",
            registry=registry,
        )

    def batch_written(self, items: int, events: int, seconds: float) -> None:
        """Note one batch."""
        self._items.inc(items)
        self._events.inc(events)
        self._seconds.observe(seconds)
