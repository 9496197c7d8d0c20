"""The service itself: liveness, readiness, metrics, its readers, and callbacks of the provider."""

import structlog
from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from app.api.problems.problem import ProblemError, json_bytes
from app.api.request_context import RequestContext
from app.api.resources.common import ResponseModel, Version
from app.api.services import Services, services_of
from app.payments.handle_callback import record_outcome
from app.payments.provider.callbacks import (
    Callback,
    CallbackRefusal,
    trusted_secrets,
    verify_callback,
)
from app.projections.checkpoints import Checkpoint, list_checkpoints
from app.webhooks.deliveries.metrics import fetch_figures, figures_registry


class Liveness(ResponseModel):
    """The process answers."""

    status: str


class Readiness(ResponseModel):
    """The database answers too."""

    status: str
    stopped_readers: list[str]
    """Readers an event stopped, as `name@partition`; the service goes on without them there."""


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


async def get_liveness() -> Response:
    """Answer as long as the process can."""
    return Response(json_bytes(Liveness(status="alive")), media_type="application/json")


async def get_readiness(request: Request) -> Response:
    """Answer 200 if the database answers, 503 if it does not."""
    checkpoints = await list_checkpoints(services_of(request).resources.pool)
    stopped = [f"{one.reader}@{one.partition_id}" for one in checkpoints if _is_stopped(one)]
    ready = Readiness(status="ready", stopped_readers=stopped)
    return Response(json_bytes(ready), media_type="application/json")


async def get_metrics(request: Request) -> Response:
    """Return Prometheus metrics: this process's requests, and how far all readers are."""
    services = services_of(request)
    checkpoints = await list_checkpoints(services.resources.pool)
    figures = await fetch_figures(services.resources.pool)
    registries = (
        services.metrics,
        _reader_metrics(checkpoints),
        figures_registry(figures, services.clock.now()),
    )
    text = b"".join(map(generate_latest, registries))
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def _reader_metrics(checkpoints: list[Checkpoint]) -> CollectorRegistry:
    registry = CollectorRegistry()
    lag = Gauge(
        "aftersales_reader_lag_events", "Events not applied.", ("reader",), registry=registry
    )
    stopped = Gauge(
        "aftersales_reader_stopped_partitions",
        "Partitions in which an event stopped the reader.",
        ("reader",),
        registry=registry,
    )
    for one in checkpoints:
        lag.labels(one.reader).inc(one.lag)
        stopped.labels(one.reader).inc(_is_stopped(one))
    return registry


def _is_stopped(checkpoint: Checkpoint) -> bool:
    return checkpoint.status == "stopped"


async def list_readers(
    call: RequestContext,
) -> Response:
    """List every reader's position in each partition with events, stopped ones first."""
    checkpoints = await list_checkpoints(call.services.resources.pool)
    found = [found for found in checkpoints if found.head > 0]
    found.sort(key=lambda one: (not _is_stopped(one), -one.lag))
    return call.json(ReadersStatus(readers=[_on_wire(one) for one in found]))


def _on_wire(checkpoint: Checkpoint) -> ReaderStatus:
    return ReaderStatus(
        reader=checkpoint.reader,
        partition_id=checkpoint.partition_id,
        position=checkpoint.position,
        lag=checkpoint.lag,
        stopped=_is_stopped(checkpoint),
        error=checkpoint.error,
        failed_position=checkpoint.failed_position,
    )


_log = structlog.get_logger(__name__)


class CallbackTaken(ResponseModel):
    """The callback was accepted; its outcome is recorded now, or was before."""

    status: str


async def receive_provider_callback(request: Request) -> Response:
    """Receive a callback signed by the provider: `x-provider-timestamp`, `x-provider-signature`.

    Repeating one changes nothing. One that fails a check moves nothing, and is logged.
    """
    services = services_of(request)
    callback = _believed(services, request, await request.body())
    pool, codec = services.resources.pool, services.codec
    fault = await record_outcome(pool, codec, services.handler, callback)
    if fault is not None:
        _log.warning("callback_refused", code=fault.value, key=callback.key)
        raise ProblemError(fault.value)
    return Response(json_bytes(CallbackTaken(status="taken")), media_type="application/json")


def _believed(services: Services, request: Request, body: bytes) -> Callback:
    secrets = trusted_secrets(services.resources.settings)
    # Real time: the provider knows of no test clock.
    callback = verify_callback(request.headers, body, secrets, services.clock.now())
    if isinstance(callback, CallbackRefusal):
        _log.warning("callback_refused", code=callback.code.value)
        raise ProblemError(callback.code.value)
    return callback
