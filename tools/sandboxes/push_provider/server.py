"""A push provider to try things out with: a separate server that shows what it was sent.

It accepts every message once, however often it comes. How a token begins says what else
happens: `gone-` is no longer valid, `refused-` is refused, `flaky-` fails the first time with 503,
`busy-` the first time with 429, and `slow-` takes the message and is late to say so the first time.
"""

import asyncio
import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

MESSAGES_KEPT_MAX = 10_000
BODY_BYTES_MAX = 65_536

_Text = Annotated[str, StringConstraints(min_length=1, max_length=4_096)]


class SandboxMessage(BaseModel):
    """What a message to a device must look like."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: _Text
    platform: _Text
    token: _Text
    title: _Text
    body: _Text
    language: _Text
    data: dict[str, str]


@dataclass(slots=True)
class PushSandbox:
    """The messages a sandbox has taken, and how often each came; the oldest are forgotten."""

    secret: str | None
    slow_seconds: float
    taken: dict[str, SandboxMessage] = field(default_factory=dict)
    came: Counter[str] = field(default_factory=Counter)

    async def receive(self, message: SandboxMessage) -> Response:
        """Take a message, or do what its token asks for."""
        self._count(message.id)
        first = self.came[message.id] == 1
        match message.token.partition("-")[0]:
            case "gone":
                return _answer(410, "token_no_longer_valid")
            case "refused":
                return _answer(400, "message_refused")
            case "flaky" if first:
                return _answer(503, "try_again")
            case "busy" if first:
                return _answer(429, "too_many_messages", {"Retry-After": "1"})
        duplicate = message.id in self.taken
        self.taken.setdefault(message.id, message)
        if first and message.token.startswith("slow-"):
            await asyncio.sleep(self.slow_seconds)
        return JSONResponse({"id": message.id, "duplicate": duplicate}, 202)

    def listed(self) -> list[dict[str, Any]]:
        """Return the messages taken, the first one first, with how often each came."""
        return [
            {**message.model_dump(), "times_received": self.came[message.id]}
            for message in self.taken.values()
        ]

    def _count(self, message_id: str) -> None:
        self.came[message_id] += 1
        if len(self.came) > MESSAGES_KEPT_MAX:
            forgotten = next(iter(self.came))
            del self.came[forgotten]
            self.taken.pop(forgotten, None)


def create_push_sandbox(secret: str | None, *, slow_seconds: float = 30.0) -> Starlette:
    """Build the sandbox: POST and GET of `/messages`, for callers that present the secret."""
    sandbox = PushSandbox(secret, slow_seconds)

    async def post_message(request: Request) -> Response:
        if not _knows(request, sandbox.secret):
            return _answer(401, "unauthorized")
        body = await _body(request)
        if body is None:
            return _answer(413, "message_too_large")
        try:
            message = SandboxMessage.model_validate_json(body)
        except ValidationError:
            return _answer(400, "message_malformed")
        return await sandbox.receive(message)

    async def get_messages(request: Request) -> Response:
        if not _knows(request, sandbox.secret):
            return _answer(401, "unauthorized")
        return JSONResponse({"messages": sandbox.listed()})

    return Starlette(
        routes=[
            Route("/messages", post_message, methods=["POST"]),
            Route("/messages", get_messages, methods=["GET"]),
        ]
    )


def _knows(request: Request, secret: str | None) -> bool:
    presented = request.headers.get("authorization", "").encode()
    return secret is None or secrets.compare_digest(presented, f"Bearer {secret}".encode())


async def _body(request: Request) -> bytes | None:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            return None
    return bytes(body)


def _answer(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"code": code}, status, headers)
