"""The service's import route as a client sees it: results by line, trouble waited out."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from tools.importers.lines import NumberedLine

ROUTE = "/v1/platform/orders/import"

TIMEOUT_SECONDS = 120.0
WAIT_SECONDS_MAX = 30.0
_TROUBLE = frozenset({429, 502, 503, 504})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

Result = dict[str, Any]
"""What the service said of one line, its `line` counted over the whole file."""


class ServiceRefuses(Exception):
    """The service takes no import from us at all; repeating does not help."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class ServiceUnavailable(Exception):
    """The service was not there, or too busy, for as long as we were ready to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a chunk is sent, and how long to wait between: doubling, with jitter."""

    attempts_max: int = 8
    wait_seconds_min: float = 0.5


def _tell_nobody(_reason: str) -> None:
    pass


class ImportService:
    """Sends chunks; what the service cannot take now is sent again, and only that."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        patience: Patience | None = None,
        on_wait: Callable[[str], None] = _tell_nobody,
    ) -> None:
        self._client = client
        self._patience = patience or Patience()
        self._on_wait = on_wait

    async def send(self, lines: Sequence[NumberedLine]) -> list[Result]:
        """Return a result for each line, in their order.

        Raises ServiceRefuses, or ServiceUnavailable when patience has run out; lines the service
        took before that are taken, and sending them again is safe.
        """
        results = {line.number: _too_long(line) for line in lines if line.content is None}
        left = [line for line in lines if line.content is not None]
        for attempt in range(self._patience.attempts_max):
            if not left:
                break
            wait_seconds = self._wait_seconds(attempt)
            try:
                answer = await self._post(left)
            except _Trouble as trouble:
                reason, wait_seconds = str(trouble), max(wait_seconds, trouble.wait_seconds)
            else:
                results |= answer
                left = [line for line in left if _may_be_taken_later(answer[line.number])]
                reason = f"{len(left)} lines could not be taken yet"
            if left:
                last = attempt + 1 == self._patience.attempts_max
                if last:
                    raise ServiceUnavailable(reason)
                self._on_wait(f"{reason}; again in {wait_seconds:.1f} s")
                await asyncio.sleep(wait_seconds)
        return [results[line.number] for line in lines]

    async def _post(self, lines: Sequence[NumberedLine]) -> dict[int, Result]:
        body = b"".join((line.content or b"") + b"\n" for line in lines)
        try:
            response = await self._client.post(ROUTE, content=body)
        except httpx.TransportError as error:
            raise _Trouble(f"no connection ({str(error) or type(error).__name__})") from error
        if response.status_code in _TROUBLE:
            raise _Trouble(_problem_text(response), _retry_after(response))
        if response.status_code != 200:
            raise ServiceRefuses(response.status_code, _problem_text(response))
        return _results(response, lines)

    def _wait_seconds(self, attempt: int) -> float:
        wait = min(self._patience.wait_seconds_min * 2.0**attempt, WAIT_SECONDS_MAX)
        return wait * random.uniform(0.75, 1.25)  # noqa: S311 - jitter, not a secret


@asynccontextmanager
async def connected_service(
    url: str, key: str, on_wait: Callable[[str], None] = _tell_nobody
) -> AsyncIterator[ImportService]:
    """Open a client for the service at a base URL, with a platform's key."""
    async with httpx.AsyncClient(
        base_url=url,
        headers={
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/x-ndjson",
            "Accept-Language": "en",
        },
        timeout=httpx.Timeout(TIMEOUT_SECONDS, connect=5.0),
        # A proxy set for the world outside would not find this machine.
        trust_env=urlsplit(url).hostname not in _LOOPBACK,
    ) as client:
        yield ImportService(client, on_wait=on_wait)


class _Trouble(Exception):
    """Something that may be over in a while."""

    def __init__(self, reason: str, wait_seconds: float = 0.0) -> None:
        super().__init__(reason)
        self.wait_seconds = wait_seconds


def _results(response: httpx.Response, lines: Sequence[NumberedLine]) -> dict[int, Result]:
    """Return the results by the line's number in the file; a line without one may come later."""
    results: dict[int, Result] = {}
    try:
        for text in response.text.splitlines():
            result = json.loads(text)
            number = lines[result["line"] - 1].number
            results[number] = {**result, "line": number}
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ServiceRefuses(200, "the answer is not one of an import") from error
    if missing := [line.number for line in lines if line.number not in results]:
        raise _Trouble(f"the answer lacks line {missing[0]}")
    return results


def _may_be_taken_later(result: Result) -> bool:
    return result["status"] in _TROUBLE


def _too_long(line: NumberedLine) -> Result:
    return {
        "line": line.number,
        "shop_id": None,
        "order_id": None,
        "status": 413,
        "code": "line_too_long",
        "detail": "The line is too long",
        "errors": None,
    }


def _retry_after(response: httpx.Response) -> float:
    value = response.headers.get("retry-after", "")
    return min(float(value), WAIT_SECONDS_MAX) if value.isdigit() else 0.0


def _problem_text(response: httpx.Response) -> str:
    try:
        problem = response.json()
        return f"{response.status_code} {problem['code']}: {problem['detail'] or problem['title']}"
    except (ValueError, KeyError, TypeError):
        return f"{response.status_code} {response.reason_phrase}"
