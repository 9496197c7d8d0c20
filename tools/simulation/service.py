"""A client of the service: sends requests under a credential, retries what fails for a while."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

ATTEMPTS_MAX = 8
WAIT_SECONDS_MIN = 0.25
WAIT_SECONDS_MAX = 10.0
AT_ONCE_MAX = 24
_TROUBLE = frozenset({429, 502, 503, 504})


class ServiceLost(Exception):
    """The service did not answer, or was too busy, for as long as we retry."""


class CredentialsRefused(Exception):
    """The service refuses our credentials."""


class UnexpectedAnswer(Exception):
    """An answer without which the simulation cannot go on is not as expected."""


class Credentials(Protocol):
    """The credentials of the actors; asked for before each request."""

    def platform(self) -> str:
        """Return the platform's key."""
        ...

    def merchant(self, shop_id: str) -> str:
        """Return the key of a shop."""
        ...

    def consumer(self, shop_id: str, buyer_id: str) -> str:
        """Return a token that is good now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered, as text and as JSON; ``body`` is None where it is not JSON."""

    status: int
    body: Any
    text: str
    replayed: bool
    attempts: int
    """How often it was asked: what was granted may have been granted to an earlier attempt."""

    @property
    def code(self) -> str | None:
        """The problem's code, None for a success."""
        is_problem = self.status >= 400 and isinstance(self.body, dict)
        return self.body.get("code") if is_problem else None

    def insist(self, path: str) -> None:
        """Raise UnexpectedAnswer if this is no success."""
        if self.status >= 400:
            raise UnexpectedAnswer(f"{path}: {self.status} {self.code}")


@dataclass(slots=True)
class Service:
    """Sends requests and records how long each answer took. Repeats what failed on the way.

    Whatever changes something is sent with a key or a version, or is harmless twice, so that
    repeating is safe even if only the answer was lost.
    """

    client: httpx.AsyncClient
    credentials: Credentials
    seconds: list[float] = field(default_factory=list)
    _permits: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE_MAX))

    async def get(self, path: str, bearer: str, params: Mapping[str, str] | None = None) -> Answer:
        """GET a path."""
        return await self._ask("GET", path, bearer, {}, params=params)

    async def shown(
        self, path: str, bearer: str, params: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """GET a path and return what is shown there; raises UnexpectedAnswer if nothing is."""
        answer = await self.get(path, bearer, params)
        answer.insist(path)
        shown: dict[str, Any] = answer.body
        return shown

    async def post(
        self,
        path: str,
        bearer: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        if_match: int | None = None,
    ) -> Answer:
        """POST a body as JSON, or nothing."""
        headers = {}
        if key is not None:
            headers["Idempotency-Key"] = key
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        return await self._ask("POST", path, bearer, headers, json=body)

    async def post_lines(self, path: str, bearer: str, lines: bytes) -> Answer:
        """POST lines of NDJSON."""
        headers = {"Content-Type": "application/x-ndjson"}
        return await self._ask("POST", path, bearer, headers, content=lines)

    async def _ask(
        self, method: str, path: str, bearer: str, headers: Mapping[str, str], **parts: Any
    ) -> Answer:
        headers = {"Authorization": f"Bearer {bearer}", **headers}
        reason = ""
        for attempt in range(ATTEMPTS_MAX):
            try:
                async with self._permits:
                    began = time.perf_counter()
                    response = await self.client.request(method, path, headers=headers, **parts)
                    self.seconds.append(time.perf_counter() - began)
            except httpx.TransportError as error:
                reason = f"no connection ({str(error) or type(error).__name__})"
            else:
                if response.status_code not in _TROUBLE:
                    return _answer(response, attempt + 1)
                reason = f"{response.status_code} {response.reason_phrase}"
            await asyncio.sleep(min(WAIT_SECONDS_MIN * 2.0**attempt, WAIT_SECONDS_MAX))
        raise ServiceLost(reason)


def _answer(response: httpx.Response, attempts: int) -> Answer:
    try:
        body = response.json()
    except ValueError:
        body = None
    answer = Answer(
        status=response.status_code,
        body=body,
        text=response.text,
        replayed=response.headers.get("Idempotency-Replayed") == "true",
        attempts=attempts,
    )
    if answer.status == 401 or answer.code == "scope_missing":
        raise CredentialsRefused(f"{response.request.url.path}: {answer.status} {answer.code}")
    return answer
