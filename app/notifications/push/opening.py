"""Opens what sends pushes, where the settings ask for it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from app.clock import Clock
from app.notifications.push.http_provider import http_provider
from app.notifications.push.worker import PushWorker
from app.resources import Resources
from app.sealing import Seal, seal_with
from app.settings import Settings

_log = structlog.get_logger(__name__)


def token_seal(settings: Settings) -> Seal | None:
    """Return what push tokens are kept with; None where no key is set."""
    return seal_with(settings.push_token_key)


def sends_pushes(settings: Settings) -> bool:
    """Whether pushes are queued and sent: there is a provider, and tokens can be opened."""
    return settings.push_url is not None and settings.push_token_key is not None


@asynccontextmanager
async def open_push_worker(resources: Resources, clock: Clock) -> AsyncIterator[PushWorker | None]:
    """Open a worker that sends through the provider in the settings; None if there is none."""
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
