"""The outermost layer of HTTP: a request id, headers every answer carries, a count, a log line."""

import logging
import re
import time
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Histogram
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from app.api.problems.problem import ProblemError, problem_response

_log = structlog.get_logger(__name__)
_stdlib_log = logging.getLogger(__name__)

_REQUEST_ID = re.compile(rb"^[A-Za-z0-9._-]{1,64}$")


class Edge:
    """ASGI middleware. A caller's own `X-Request-Id` is kept if it is a plain word.

    HEAD is served as GET, without the body. Unexpected failures end here: they are logged, and
    never shown to the caller.
    """

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        self._seconds = Histogram(
            "aftersales_http_request_seconds",
            "Time from the request's head to the end of its answer.",
            ("method", "route", "status"),
            registry=registry,
        )
        # Finding a child takes a lock; there are only as many as routes times statuses.
        self._observed = lru_cache(maxsize=1_000)(self._seconds.labels)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _head_only(send)
        request_id = _request_id(scope)
        scope["aftersales.request_id"] = request_id
        started, status = time.perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_headers(message, scope, request_id)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            _log.exception("request_failed", path=scope["path"], request_id=request_id)
            if status:  # an answer that has begun can only be broken off
                raise
            failed = problem_response(ProblemError("internal_error"), Request(scope))
            await failed(scope, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - started
            route = _route(scope)
            self._observed(scope["method"], route, status).observe(seconds)
            if _stdlib_log.isEnabledFor(logging.DEBUG):  # saves rendering a line that is dropped
                _log.debug(
                    "request_served",
                    method=scope["method"],
                    route=route,
                    status=status,
                    request_id=request_id,
                    milliseconds=round(seconds * 1000, 2),
                )


def _head_only(send: Send) -> Send:
    """Return what sends an answer's head and ends the answer there, be it a stream without end."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send(message)
            await send({"type": "http.response.body"})

    return send_head


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.match(value):
            return str(value.decode("ascii"))
    return str(uuid7())


def _add_headers(message: Message, scope: MutableMapping[str, Any], request_id: str) -> None:
    headers = [
        (b"x-request-id", request_id.encode()),
        (b"vary", b"Accept-Language"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    for name, value in scope.get("aftersales.headers", {}).items():
        headers.append((name.lower().encode(), value.encode()))
    present = {name.lower() for name, _ in message.get("headers", ())}
    new = [(name, value) for name, value in headers if name not in present]
    message["headers"] = [*message.get("headers", ()), *new]


def _route(scope: Scope) -> str:
    """Name the route by its template, so that ids never become labels."""
    route = scope.get("route")
    return getattr(route, "path", "unmatched")
