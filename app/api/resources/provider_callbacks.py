"""Callbacks of the payment provider: how a refund or payout ended."""

import structlog
from fastapi import Request, Response

from app.api.problems.problem import ProblemError, json_bytes
from app.api.resources.common import ResponseModel
from app.api.services import Services, services_of
from app.payments.handle_callback import record_outcome
from app.payments.provider.callbacks import (
    Callback,
    CallbackRefusal,
    trusted_secrets,
    verify_callback,
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
