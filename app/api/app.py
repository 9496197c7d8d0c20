"""The FastAPI application, put together from its routes."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import metadata

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from app.api.middleware import Edge
from app.api.openapi.document import install_openapi
from app.api.openapi.documentation import install_documentation
from app.api.openapi.example_stock import ExampleStock
from app.api.operation import route_of
from app.api.operations.table import OPERATIONS
from app.api.problems.exception_handlers import install_problem_handlers
from app.api.routes import (
    assistant,
    devices,
    entries,
    event_stream,
    events,
    exports,
    funds,
    imports,
    lists,
    notification_stream,
    notifications,
    operations,
    orders,
    platform_events,
    preferences,
    provider_callbacks,
    reasons,
    reconciliation,
    refunds,
    statements,
    test_clocks,
    tickets,
    webhook_again,
    webhook_deliveries,
    webhook_endpoints,
)
from app.api.services import Services

OpenServices = Callable[[], AbstractAsyncContextManager[Services]]

ROUTERS = (
    orders.router,
    imports.router,
    entries.router,
    tickets.router,
    assistant.router,
    lists.router,
    funds.router,
    refunds.router,
    reconciliation.router,
    statements.router,
    exports.router,
    notifications.router,
    notification_stream.router,
    events.router,
    event_stream.router,
    platform_events.router,
    devices.router,
    preferences.router,
    reasons.router,
    test_clocks.router,
    provider_callbacks.router,
    webhook_endpoints.router,
    webhook_deliveries.router,
    webhook_again.router,
    operations.router,
)

ROUTES = (
    *map(route_of, OPERATIONS),
    *(route for router in ROUTERS for route in router.routes),
)
"""Every application of a process has the same; making them takes longer than all else."""


def create_app(
    open_services: OpenServices, metrics: CollectorRegistry, stock: ExampleStock | None = None
) -> FastAPI:
    """Build the application; its services are opened when it starts and closed when it stops.

    ``stock``: what of the documentation's examples there is.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services() as services:
            app.state.services = services
            yield

    app = FastAPI(
        title="After-sales past the period (超售后期售后)",
        version=metadata.version("aftersales"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    # Not include_router: through it every request would be matched with its route twice.
    app.router.routes.extend(ROUTES)
    install_problem_handlers(app)
    install_openapi(app)
    install_documentation(app, stock)
    app.add_middleware(Edge, registry=metrics)
    return app
