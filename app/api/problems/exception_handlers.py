"""Turns every failure into a problem."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.api.problems.field_errors import field_errors
from app.api.problems.problem import ProblemError, problem_response
from app.command_handling.requests import KeyReused, TooManyConflicts
from app.event_store.append import (
    AppendOutcomeUnknown,
    EventStoreUnavailable,
    QueueFull,
)
from app.event_store.connections import LOST_CONNECTION
from app.postgres.pool import CONNECTION_FAILURES, DatabaseUnavailable

_log = structlog.get_logger(__name__)

_CODE_OF_STATUS = {
    400: "malformed_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
}

_CODE_OF_FAILURE: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((KeyReused,), "idempotency_key_reused"),
    ((TooManyConflicts,), "contended"),
    ((QueueFull,), "overloaded"),
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


def _allowed_methods(request: Request) -> list[str]:
    """Return the methods of the path a request came for; none if there is no such path.

    Where several templates fit a path, the one with the fewest variable parts is meant.
    """
    methods: dict[tuple[int, str], set[str]] = {}
    for route in request.app.routes:
        if isinstance(route, APIRoute) and route.path_regex.match(request.scope["path"]):
            template = route.path_format
            methods.setdefault((template.count("{"), template), set()).update(route.methods or ())
    found = methods[min(methods)] if methods else set()
    return sorted(found | {"HEAD"} if "GET" in found else found)


async def _http_exception(request: Request, error: Exception) -> Response:
    if isinstance(error, ProblemError):
        return problem_response(error, request)
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    code = _CODE_OF_STATUS.get(error.status_code, "malformed_request")
    if error.status_code == 405 and (methods := _allowed_methods(request)):
        return _method_not_allowed(request, methods)  # Starlette names one route's methods only
    return problem_response(ProblemError(code, headers=dict(error.headers or {})), request)


def _method_not_allowed(request: Request, methods: Sequence[str]) -> Response:
    allowed = {"Allow": ", ".join(methods)}
    return problem_response(ProblemError("method_not_allowed", headers=allowed), request)


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for nothing else
    methods = _allowed_methods(request)
    if methods and request.method not in methods:
        # The path is one route's, and only looked like another's with an odd id in it.
        return _method_not_allowed(request, methods)
    found = error.errors()
    keyless = any(_is_missing_key(fault) for fault in found)
    code = "idempotency_key_required" if keyless else "request_invalid"
    return problem_response(ProblemError(code, errors=field_errors(found, error.body)), request)


def _is_missing_key(fault: Mapping[str, Any]) -> bool:
    return fault["type"] == "missing" and tuple(fault["loc"]) == ("header", "Idempotency-Key")


def code_of_failure(failure: Exception) -> str:
    """Name the problem a failure of the log or the database amounts to."""
    for failures, code in _CODE_OF_FAILURE:
        if isinstance(failure, failures):
            return code
    return "internal_error"


def _failure_handler(code: str) -> Any:
    async def handle(request: Request, error: Exception) -> Response:
        if isinstance(error, asyncpg.InterfaceError) and "clos" not in str(error):
            raise error  # asyncpg's word for a closed connection, but for wrong calls as well
        if code == "database_unavailable":
            _log.warning("database_unavailable", path=request.url.path, reason=error)
        return problem_response(ProblemError(code), request)

    return handle


async def _statement_failed(request: Request, error: Exception) -> Response:
    """Distinguish a lost connection, which SQLAlchemy wraps, from a wrong statement."""
    assert isinstance(error, DBAPIError)  # noqa: S101 - registered for nothing else
    cause = error.orig.__cause__ if error.orig is not None else None
    if error.connection_invalidated or isinstance(cause, (*CONNECTION_FAILURES, *LOST_CONNECTION)):
        return problem_response(ProblemError("database_unavailable"), request)
    raise error
