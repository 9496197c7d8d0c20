"""Stands between the provider and the API: callbacks get doubled, delayed, overtaken and lost."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATH = "/callbacks"
TARGET = "/v1/provider/callbacks"
LATER_SECONDS_MAX = 2.5
TIMEOUT_SECONDS = 10.0

_KEPT = ("content-type", "x-provider-timestamp", "x-provider-signature")


@dataclass(frozen=True, slots=True)
class _Callback:
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Relay:
    """Passes callbacks on as the seed wants it; ``counts`` says what it did."""

    seed: int
    client: httpx.AsyncClient
    counts: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    seen: list[_Callback] = field(default_factory=list)
    _later: set[asyncio.Task[None]] = field(default_factory=set)

    def application(self) -> Starlette:
        """Return what the provider calls."""
        return Starlette(routes=[Route(PATH, self._receive, methods=["POST"])])

    async def replay_everything(self) -> None:
        """Send every callback there was once more, newest first."""
        await asyncio.gather(*self._later, return_exceptions=True)
        for callback in reversed(self.seen):
            self.counts["repeated after the end"] += 1
            await self._passed_on(callback)

    def surprises(self) -> list[str]:
        """Return the answers that no callback should get: the API failed at it."""
        return [
            f"{count} callbacks were answered {status}"
            for status, count in self.answers.items()
            if status >= 500 and status != 503
        ]

    async def _receive(self, request: Request) -> Response:
        headers = {name: request.headers[name] for name in _KEPT if name in request.headers}
        callback = _Callback(headers, await request.body())
        self.seen.append(callback)
        self.counts["received"] += 1
        number, seconds = self._drawn(callback)
        if number < 0.30:
            self.counts["doubled"] += 1
            first, _ = await asyncio.gather(self._passed_on(callback), self._passed_on(callback))
            return Response(status_code=first)
        if number < 0.55:
            self.counts["delayed, so overtaken"] += 1
            self._start(self._after(seconds, callback))
            return Response(status_code=200)
        if number < 0.65:
            self.counts["lost"] += 1
            return Response(status_code=200)
        if number < 0.80:
            self.counts["repeated later"] += 1
            self._start(self._after(seconds, callback))
        return Response(status_code=await self._passed_on(callback))

    def _drawn(self, callback: _Callback) -> tuple[float, float]:
        """Draw a number, and a delay in seconds, from seed and callback: the same in any order."""
        drawn = hashlib.sha256(f"{self.seed}/{len(callback.body)}".encode() + callback.body)
        number, part = drawn.digest()[:4], drawn.digest()[4:8]
        return (
            int.from_bytes(number, "big") / 2**32,
            LATER_SECONDS_MAX * int.from_bytes(part, "big") / 2**32,
        )

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _after(self, seconds: float, callback: _Callback) -> None:
        await asyncio.sleep(seconds)
        await self._passed_on(callback)

    async def _passed_on(self, callback: _Callback) -> int:
        """Return the API's status; 502 if it could not be reached or did not answer."""
        try:
            answer = await self.client.post(
                TARGET, content=callback.body, headers=callback.headers, timeout=TIMEOUT_SECONDS
            )
        except httpx.TransportError:
            self.counts["met a dead API"] += 1
            return 502
        self.answers[answer.status_code] += 1
        return answer.status_code
