"""Asking the service as a patient client does: the same request again until it is answered."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from app.access.authentication import ConsumerTokenKeys, sign_consumer_token

PATIENCE_SECONDS = 120.0
PAUSE_SECONDS_MIN, PAUSE_SECONDS_MAX = 0.05, 1.0
REPEATABLE = frozenset({429, 502, 503, 504})


class ServiceGone(Exception):
    """The service did not answer for as long as a client bears it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A status and its JSON."""

    status: int
    body: Any

    @property
    def code(self) -> str | None:
        """The problem's code, None for anything else."""
        return self.body.get("code") if isinstance(self.body, dict) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What callers show."""

    platform: str
    merchants: Mapping[str, str]
    consumer: ConsumerTokenKeys

    def buyer(self, buyer_id: str) -> str:
        """Return a token that is good now."""
        life = timedelta(minutes=10)
        return sign_consumer_token(
            self.consumer, buyer_id=buyer_id, shop_id=None, now=datetime.now(UTC), life=life
        )


@dataclass(slots=True, kw_only=True)
class Caller:
    """Sends requests; ``trouble`` counts what kept them from being answered at first."""

    client: httpx.AsyncClient
    keys: Keys
    trouble: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    surprises: list[str] = field(default_factory=list)
    """Answers that no client should get, whatever happens to the service."""

    async def get(self, path: str, bearer: str) -> Answer:
        """GET a path."""
        return await self._ask("GET", path, bearer, {}, None)

    async def post(
        self,
        path: str,
        bearer: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str = "",
    ) -> Answer:
        """POST a body under an idempotency key of the path and ``key``: repeating is harmless."""
        key = f"{path.removeprefix('/v1/shops/')}/{key}".replace("/", ":")
        return await self._ask("POST", path, bearer, {"Idempotency-Key": key}, body)

    async def _ask(
        self,
        method: str,
        path: str,
        bearer: str,
        headers: Mapping[str, str],
        body: Mapping[str, Any] | None,
    ) -> Answer:
        headers = {"Authorization": f"Bearer {bearer}", **headers}
        pause, deadline = PAUSE_SECONDS_MIN, time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                response = await self.client.request(method, path, headers=headers, json=body)
            except httpx.TransportError as error:
                self.trouble[type(error).__name__] += 1
            else:
                if response.status_code not in REPEATABLE:
                    return self._answered(method, path, response)
                self.trouble[str(response.status_code)] += 1
            await asyncio.sleep(pause)
            pause = min(2 * pause, PAUSE_SECONDS_MAX)
        raise ServiceGone(f"{method} {path}: no answer in {PATIENCE_SECONDS:.0f} s")

    def _answered(self, method: str, path: str, response: httpx.Response) -> Answer:
        self.answered += 1
        if response.status_code >= 500:
            self.surprises.append(f"{method} {path}: {response.status_code} {response.text[:200]}")
        try:
            body = response.json()
        except ValueError:
            body = None
        return Answer(status=response.status_code, body=body)
