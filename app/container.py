"""Opens what the API works with."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import CollectorRegistry

from app.access.authentication import Authentication, consumer_token_keys
from app.api.authorization import RateLimiter
from app.api.services import AppendMetrics, Services
from app.api.sse.open_streams import LiveStreams
from app.clock import Clock
from app.command_handling.opening import open_command_handlers
from app.domain.policy import POLICY
from app.event_types.registry import order_codec
from app.notifications.inbox import NotificationsReader, find_grown_inboxes
from app.notifications.push.worker import token_seal
from app.payments.provider.http import open_provider_if_set
from app.projections.wakeup import ChangeListener, Growth
from app.resources import Resources
from app.sealing import seal_with
from app.webhooks.feed.reader import PublicEventsReader, find_grown_feeds


@asynccontextmanager
async def open_services(
    resources: Resources, clock: Clock, metrics: CollectorRegistry
) -> AsyncIterator[Services]:
    """Open the services on open resources, and close them at the end."""
    settings = resources.settings
    inbox_growth = Growth(reader=NotificationsReader.name, find_grown=find_grown_inboxes)
    feed_growth = Growth(reader=PublicEventsReader.name, find_grown=find_grown_feeds)
    async with (
        open_command_handlers(resources, clock, AppendMetrics(metrics)) as handlers,
        open_provider_if_set(settings) as provider,
        ChangeListener(resources.pool, inbox_growth) as inboxes,
        ChangeListener(resources.pool, feed_growth) as feeds,
    ):
        yield Services(
            resources=resources,
            clock=clock,
            policy=POLICY,
            codec=order_codec(),
            handler=handlers.orders,
            funds=handlers.funds,
            authentication=Authentication(
                database=resources.pool,
                clock=clock,
                consumer_keys=consumer_token_keys(settings),
                cache_seconds=settings.key_cache_seconds,
            ),
            rate_limiter=RateLimiter(
                limit=settings.rate_limit_requests,
                window_seconds=settings.rate_limit_window_seconds,
            ),
            streams=LiveStreams(
                metrics,
                streams_max=settings.streams_max,
                per_caller_max=settings.streams_per_caller_max,
            ),
            inboxes=inboxes,
            feeds=feeds,
            token_seal=token_seal(settings),
            seal=seal_with(settings.sealing_key),
            provider=provider,
            metrics=metrics,
        )
