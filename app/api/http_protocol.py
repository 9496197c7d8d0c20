"""What is no HTTP at all never reaches the application; it too is answered with a problem."""

from typing import Any

from uuid_utils.compat import uuid7
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from app.api.language import DEFAULT_LANGUAGE
from app.api.problem_catalog import PROBLEMS
from app.api.problems import PROBLEM_MEDIA_TYPE, ProblemError, render_problem

HEAD_BYTES_MAX = 65_536
"""Longest head of a request: its first line and its headers."""

_Protocol: Any = AutoHTTPProtocol


class HttpProtocol(_Protocol):  # type: ignore[misc]
    """uvicorn's protocol, with bounded heads and with problems for what cannot be parsed."""

    _in_head = False
    _head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Parse bytes from the caller, unless they prolong a head beyond all measure."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse("head_too_large")
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Note that a head begins."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Note that the head has ended."""
        self._in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own words
        """Answer what is not HTTP, and close."""
        self._refuse("malformed_request")

    def _refuse(self, code: str) -> None:
        request_id = str(uuid7())
        body = render_problem(
            ProblemError(code), language=DEFAULT_LANGUAGE, instance="", request_id=request_id
        )
        head = (
            f"HTTP/1.1 {PROBLEMS[code].status} \r\n"
            f"Content-Type: {PROBLEM_MEDIA_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\n"
            f"Content-Language: {DEFAULT_LANGUAGE.value}\r\n"
            "Vary: Accept-Language\r\n"
            f"X-Request-Id: {request_id}\r\n"
            "Cache-Control: no-store\r\n"
            "Connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
