"""The port to a push provider, its outcomes, and a provider over HTTP."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias
from uuid import UUID

import httpx
from pydantic_core import from_json

from app.clock import Clock
from app.domain.text import Language
from app.leased_work.backoff import read_retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class PushMessage:
    """A rendered message for one device. ``id`` is the same at every attempt."""

    id: UUID
    platform: str
    token: str = field(repr=False)
    title: str
    body: str
    language: Language
    data: Mapping[str, str]
    """Ids and stable names for the receiving app."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider accepted it, perhaps at an earlier attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGone:
    """The token is no longer valid."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The provider refuses this message permanently."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TryLater:
    """The outcome is unknown or temporary; sending again with the same id is safe.

    ``after_seconds``: the wait that the provider asks for, if any.
    """

    detail: str
    after_seconds: float | None = None


PushOutcome: TypeAlias = Accepted | TokenGone | Refused | TryLater


class PushProvider(Protocol):
    """Sends pushes. It never raises for failures outside, and returns within seconds."""

    async def send(self, message: PushMessage) -> PushOutcome:
        """Send a message and return the outcome."""
        ...


CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
ANSWER_BYTES_MAX = 16_384
CONNECTIONS_MAX = 16

TOKEN_GONE_CODES = frozenset({"token_no_longer_valid"})
"""Codes in a 4xx response that mean the same as 410."""

_WORTH_REPEATING = frozenset({401, 403, 407, 408, 425, 429})
"""Client errors that may be temporary, or corrected in the settings."""

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class HttpPushProvider:
    """Implements the protocol of tools/sandboxes/push_provider/server.py.

    ``POST <url>`` with ``{"id", "platform", "token", "title", "body", "language", "data"}``; 2xx
    accepts it, 410 or the code `token_no_longer_valid` rejects the token, 429 and 5xx are
    temporary, any other 4xx refuses the message. ``Retry-After`` is respected.
    """

    def __init__(self, client: httpx.AsyncClient, url: str, clock: Clock) -> None:
        self._client = client
        self._url = url
        self._clock = clock

    async def send(self, message: PushMessage) -> PushOutcome:
        """Send a message; failures of the connection are temporary."""
        body = {
            "id": str(message.id),
            "platform": message.platform,
            "token": message.token,
            "title": message.title,
            "body": message.body,
            "language": message.language.value,
            "data": dict(message.data),
        }
        try:
            async with (
                asyncio.timeout(TOTAL_SECONDS),
                self._client.stream("POST", self._url, json=body) as answer,
            ):
                return self._outcome(answer, await _bounded(answer))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            return TryLater(detail=type(error).__name__)

    def _outcome(self, answer: httpx.Response, content: bytes) -> PushOutcome:
        if answer.is_success:
            return Accepted()
        status, code = answer.status_code, _code_in(content)
        detail = f"HTTP {status}" + (f" {code}" if code else "")
        if status == 410 or (answer.is_client_error and code in TOKEN_GONE_CODES):
            return TokenGone(detail=detail)
        if status in _WORTH_REPEATING or answer.is_server_error:
            wait = read_retry_after(answer.headers.get("retry-after"), self._clock.now())
            return TryLater(
                detail=detail, after_seconds=None if wait is None else wait.total_seconds()
            )
        return Refused(detail=detail)


@asynccontextmanager
async def http_provider(
    url: str, secret: str | None, clock: Clock
) -> AsyncIterator[HttpPushProvider]:
    """Open a provider, without redirects, proxies of the environment, or compression."""
    headers = {"Accept-Encoding": "identity"}
    if secret is not None:
        headers["Authorization"] = f"Bearer {secret}"
    async with httpx.AsyncClient(
        headers=headers,
        timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
        trust_env=False,
        follow_redirects=False,
    ) as client:
        yield HttpPushProvider(client, url, clock)


async def _bounded(answer: httpx.Response) -> bytes:
    """Return the beginning of a response's body, as received."""
    content = bytearray()
    async for chunk in answer.aiter_raw():
        content += chunk
        if len(content) >= ANSWER_BYTES_MAX:
            break
    return bytes(content[:ANSWER_BYTES_MAX])


def _code_in(content: bytes) -> str | None:
    """Return the code in a response; the rest is not stored, as it may contain the token."""
    try:
        found: Any = from_json(content)
    except ValueError:
        return None
    code = found.get("code") if isinstance(found, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None
