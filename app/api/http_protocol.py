"""What is no HTTP at all never reaches the application; it too is answered with a problem."""

import sys
from typing import Any

from uuid_utils.compat import uuid7
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from app.api.language import DEFAULT_LANGUAGE
from app.api.problems.catalog import PROBLEMS
from app.api.problems.problem import PROBLEM_MEDIA_TYPE, ProblemError, render_problem

HEAD_BYTES_MAX = 65_536
"""Longest head of a request: its first line and its headers."""

_Protocol: Any = AutoHTTPProtocol


class HttpProtocol(_Protocol):  # type: ignore[misc]
    """uvicorn's protocol, with bounded heads and with problems for what cannot be parsed.

    A request that offers another protocol (`Upgrade: h2c`, as Java's own client does by default) is
    answered in this one, as RFC 9110, 7.8 has it. The parser takes such a request's body for the
    other protocol's bytes, so a new parser reads it, given the headers of the body's framing.
    """

    parser: Any
    _in_head = False
    _head_bytes = 0
    _received = b""
    _reading_on = False

    def data_received(self, data: bytes) -> None:
        """Parse bytes from the caller, unless they prolong a head beyond all measure."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse("head_too_large")
                return
        self._received = data
        super().data_received(data)

    def on_message_begin(self) -> None:
        """Note that a head begins."""
        if not self._reading_on:
            self._in_head, self._head_bytes = True, 0
            super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take the target."""
        if not self._reading_on:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        if not self._reading_on:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Note that the head has ended."""
        if not self._reading_on:
            self._in_head = False
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that the message has ended, unless only the parser thinks so."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        """Read on in this protocol; called where the parser raises because another is offered."""
        raised = sys.exc_info()[1]
        assert raised is not None  # noqa: S101 - uvicorn calls this while it handles it
        rest = self._received[raised.args[0] :]
        framing = [
            name + b": " + value + b"\r\n"
            for name, value in self.headers
            if name in {b"content-length", b"transfer-encoding"}
        ]
        self.parser = type(self.parser)(self)
        self._reading_on = True
        self.parser.feed_data(b"".join((b"POST / HTTP/1.1\r\n", *framing, b"\r\n")))
        self._reading_on = False
        if rest:
            self.data_received(rest)

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
