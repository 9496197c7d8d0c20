"""What the payment provider tells by itself: how a refund or payout ended."""

import structlog
from fastapi import Request, Response

from app.api.problems.problem import ProblemError, json_bytes
from app.api.resources.common import ResponseModel
from app.api.services import Services, services_of
from app.payments.handle_callback import tell_outcome
from app.payments.provider.callbacks import Callback, CallbackRefusal, verify_callback

_log = structlog.get_logger(__name__)


class CallbackTaken(ResponseModel):
    """The callback was believed; what it tells is known now, or was before."""

    status: str


async def receive_provider_callback(request: Request) -> Response:
    """Take a callback signed by the provider: `x-provider-timestamp`, `x-provider-signature`.

    Repeating one changes nothing. What cannot be believed moves nothing, and is logged.
    """
    services = services_of(request)
    callback = _believed(services, request, await request.body())
    pool, codec = services.resources.pool, services.codec
    fault = await tell_outcome(pool, codec, services.handler, callback)
    if fault is not None:
        _log.warning("callback_refused", code=fault.value, key=callback.key)
        raise ProblemError(fault.value)
    return Response(json_bytes(CallbackTaken(status="taken")), media_type="application/json")


def _believed(services: Services, request: Request, body: bytes) -> Callback:
    settings = services.resources.settings
    secrets = [
        secret.get_secret_value()
        for secret in (
            settings.provider_callback_secret,
            settings.provider_callback_secret_previous,
        )
        if secret is not None
    ]
    # Real time: the provider knows of no test clock.
    told = verify_callback(request.headers, body, secrets, services.clock.now())
    if isinstance(told, CallbackRefusal):
        _log.warning("callback_refused", code=told.code.value)
        raise ProblemError(told.code.value)
    return told
