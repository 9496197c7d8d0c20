"""Turns everything that can go wrong into a problem."""

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.api.problems import ProblemError, problem_response
from app.api.wire.common import FieldError
from app.command_handling.requests import KeyReused, TooManyConflicts
from app.database import CONNECTION_FAILURES, DatabaseUnavailable
from app.event_store.append import (
    AppendOutcomeUnknown,
    EventStoreUnavailable,
    LaneFull,
)
from app.event_store.connections import LOST_CONNECTION

_log = structlog.get_logger(__name__)

FIELD_ERRORS_MAX = 50

_CODE_OF_STATUS = {
    400: "malformed_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
}

_CODE_OF_FAILURE: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((KeyReused,), "idempotency_key_reused"),
    ((TooManyConflicts,), "contended"),
    ((LaneFull,), "overloaded"),
    ((DatabaseUnavailable, EventStoreUnavailable, AppendOutcomeUnknown), "database_unavailable"),
    (CONNECTION_FAILURES, "database_unavailable"),
    (LOST_CONNECTION, "database_unavailable"),
)


def install_problem_handlers(app: FastAPI) -> None:
    """Make every failure of an application answer with a problem."""
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    for failures, code in _CODE_OF_FAILURE:
        for failure in failures:
            app.add_exception_handler(failure, _failure_handler(code))
    app.add_exception_handler(DBAPIError, _statement_failed)
    app.add_exception_handler(Exception, _unexpected)


async def _http_exception(request: Request, error: Exception) -> Response:
    if isinstance(error, ProblemError):
        return problem_response(error, request)
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    code = _CODE_OF_STATUS.get(error.status_code, "malformed_request")
    return problem_response(ProblemError(code, headers=error.headers), request)


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    errors = [field_error(found) for found in error.errors()[:FIELD_ERRORS_MAX]]
    return problem_response(ProblemError("request_invalid", errors=errors), request)


def field_error(found: dict[str, Any]) -> FieldError:
    """Show one of pydantic's findings; the value itself is never echoed."""
    place, *path = found["loc"] or ("body",)
    return FieldError(pointer=_pointer(str(place), path), detail=str(found["msg"]))


def _pointer(place: str, path: Sequence[Any]) -> str:
    steps = [str(step).replace("~", "~0").replace("/", "~1") for step in path]
    return "/".join(["#" if place == "body" else place, *steps])


def code_of_failure(failure: Exception) -> str:
    """Name the problem a failure of the log or the database amounts to."""
    for failures, code in _CODE_OF_FAILURE:
        if isinstance(failure, failures):
            return code
    return "internal_error"


def _failure_handler(code: str) -> Any:
    async def handle(request: Request, error: Exception) -> Response:
        if code == "database_unavailable":
            _log.warning("database_unavailable", path=request.url.path, reason=repr(error))
        return problem_response(ProblemError(code), request)

    return handle


async def _unexpected(request: Request, error: Exception) -> Response:
    """Answer the last resort; the failure itself goes to the log, never to the caller."""
    _log.error("request_failed", path=request.url.path, exc_info=error)
    return problem_response(ProblemError("internal_error"), request)


async def _statement_failed(request: Request, error: Exception) -> Response:
    """Tell a lost connection, which SQLAlchemy wraps, from a statement that is wrong."""
    assert isinstance(error, DBAPIError)  # noqa: S101 - registered for nothing else
    cause = error.orig.__cause__ if error.orig is not None else None
    if error.connection_invalidated or isinstance(cause, (*CONNECTION_FAILURES, *LOST_CONNECTION)):
        return problem_response(ProblemError("database_unavailable"), request)
    return await _unexpected(request, error)
