"""The FastAPI application, put together from its routes."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import metadata

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from app.api.middleware import Edge
from app.api.openapi.document import install_openapi
from app.api.openapi.documentation import ExampleStock, install_documentation
from app.api.operation import route_of
from app.api.operations import OPERATIONS
from app.api.problems.exception_handlers import install_problem_handlers
from app.api.services import Services

OpenServices = Callable[[], AbstractAsyncContextManager[Services]]

ROUTES = tuple(map(route_of, OPERATIONS))
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
    app.router.routes.extend(ROUTES)
    install_problem_handlers(app)
    install_openapi(app)
    install_documentation(app, stock)
    app.add_middleware(Edge, registry=metrics)
    return app
