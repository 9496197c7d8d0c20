"""What the routes work with, put together once at start-up."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from starlette.requests import Request

from app.access.authentication import Authentication
from app.api.rate_limit import RateLimiter
from app.clock import Clock
from app.command_handling.handler import CommandHandler
from app.domain.order.events import OrderEvent
from app.domain.policy import Policy
from app.event_store.codec import Codec
from app.resources import Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The live things behind the API."""

    resources: Resources
    clock: Clock
    policy: Policy
    codec: Codec[OrderEvent]
    handler: CommandHandler
    authentication: Authentication
    rate_limiter: RateLimiter
    metrics: CollectorRegistry


def services_of(request: Request) -> Services:
    """Return the services of the application a request came to."""
    services = request.app.state.services
    assert isinstance(services, Services)  # noqa: S101 - set before the first request
    return services
