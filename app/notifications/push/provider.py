"""What sends a push to a device, and what it may answer."""

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
from app.leased_work.retry_after import read_retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class PushMessage:
    """A message in words for one device. ``id`` is the same however often it is sent."""

    id: UUID
    platform: str
    token: str = field(repr=False)
    title: str
    body: str
    language: Language
    data: Mapping[str, str]
    """For the app that receives it: ids and stable names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider has it, perhaps since an earlier attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGone:
    """The token names no device any more; nothing will ever arrive there."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The provider will not have this message, however often it is sent."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TryLater:
    """It may have it or not; sending again with the same id does no harm.

    ``after_seconds``: how long the provider asks to wait, None if it does not say.
    """

    detail: str
    after_seconds: float | None = None


PushOutcome: TypeAlias = Accepted | TokenGone | Refused | TryLater


class PushProvider(Protocol):
    """Sends pushes. It never raises for what happens outside, and answers within seconds."""

    async def send(self, message: PushMessage) -> PushOutcome:
        """Send a message and say what became of it."""
        ...


CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
ANSWER_BYTES_MAX = 16_384
CONNECTIONS_MAX = 16

TOKEN_GONE_CODES = frozenset({"token_no_longer_valid"})
"""Codes in an answer of 4xx that say what 410 does."""

_WORTH_REPEATING = frozenset({401, 403, 407, 408, 425, 429})
"""Refusals that time, or whoever runs the service, can mend."""

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class HttpPushProvider:
    """Speaks the protocol of tools/sandboxes/push_provider/server.py.

    ``POST <url>`` with ``{"id", "platform", "token", "title", "body", "language", "data"}``; 2xx
    took it, 410 or the code `token_no_longer_valid` names a dead token, 429 and 5xx ask to come
    again, any other 4xx refuses it. ``Retry-After`` is heeded.
    """

    def __init__(self, client: httpx.AsyncClient, url: str, clock: Clock) -> None:
        self._client = client
        self._url = url
        self._clock = clock

    async def send(self, message: PushMessage) -> PushOutcome:
        """Send a message; what goes wrong on the way is worth trying later."""
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
    """Open a provider: no redirects, no proxies of the environment, nothing compressed."""
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
    """Return the beginning of an answer as it came over the wire."""
    content = bytearray()
    async for chunk in answer.aiter_raw():
        content += chunk
        if len(content) >= ANSWER_BYTES_MAX:
            break
    return bytes(content[:ANSWER_BYTES_MAX])


def _code_in(content: bytes) -> str | None:
    """Return the code an answer names; nothing else of it is kept, for it may quote the token."""
    try:
        found: Any = from_json(content)
    except ValueError:
        return None
    code = found.get("code") if isinstance(found, dict) else None
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None
