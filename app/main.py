"""The API process: builds the application with everything it needs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from app.api.app import create_app
from app.api.openapi.documentation import ExampleStock
from app.api.services import Services
from app.clock import Clock, SystemClock
from app.container import open_services
from app.resources import open_resources
from app.settings import Settings


def build_app(
    settings: Settings | None = None,
    clock: Clock | None = None,
    stock: ExampleStock | None = None,
) -> FastAPI:
    """Build the application; nothing is opened before it starts."""
    of_settings, of_clock = settings or Settings(), clock or SystemClock()
    metrics = CollectorRegistry()

    @asynccontextmanager
    async def services() -> AsyncIterator[Services]:
        async with (
            open_resources(of_settings, of_clock) as resources,
            open_services(resources, of_clock, metrics) as opened,
        ):
            yield opened

    return create_app(services, metrics, stock)
