"""Opens what the API works with: pools, the append lane, the command handler."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from prometheus_client import CollectorRegistry

from app.access.authentication import Authentication
from app.access.consumer_tokens import ConsumerTokenKeys
from app.api.rate_limit import RateLimiter
from app.api.services import Services
from app.clock import Clock
from app.command_handling.handler import CommandHandler
from app.database import connect
from app.domain.policy import POLICY
from app.event_store.announcer import Announcer
from app.event_store.append_lane import AppendLane
from app.event_store.registry import order_codec
from app.event_store.topology import Topology
from app.resources import Resources
from app.settings import Settings

LANE_WRITERS_ON_CITUS = 8
"""On a cluster a batch keeps to one partition, so several are written at the same time."""


@asynccontextmanager
async def open_services(
    resources: Resources, clock: Clock, metrics: CollectorRegistry
) -> AsyncIterator[Services]:
    """Open the services on open resources, and close them at the end, writing what waits."""
    settings, codec = resources.settings, order_codec()

    async def own_connection() -> asyncpg.Connection[asyncpg.Record]:
        return await connect(resources.database_url, settings)

    writers = LANE_WRITERS_ON_CITUS if settings.topology is Topology.CITUS else 1
    async with (
        Announcer(own_connection) as announcer,
        AppendLane(
            own_connection,
            topology=settings.topology,
            writers=writers,
            announce=announcer.announce,
        ) as lane,
    ):
        yield Services(
            resources=resources,
            clock=clock,
            policy=POLICY,
            codec=codec,
            handler=CommandHandler(
                database=resources.pool, lane=lane, codec=codec, clock=clock, policy=POLICY
            ),
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
            metrics=metrics,
        )


def consumer_token_keys(settings: Settings) -> ConsumerTokenKeys:
    """Return what consumers' tokens are held against."""
    secret = settings.consumer_token_secret
    return ConsumerTokenKeys(
        secret=None if secret is None else secret.get_secret_value(),
        public_key=settings.consumer_token_public_key,
        issuer=settings.consumer_token_issuer,
        audience=settings.consumer_token_audience,
    )
