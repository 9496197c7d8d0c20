"""What is between the players and the service: credentials, and wires that lie or lose answers."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from app.access.keys import create_key
from app.event_store.recorded_event import Role
from tests.support.api import Api
from tools.simulation.service import Service

NAMES = ("sim", "again")
"""What the shops' ids begin with."""
SHOPS_MAX = 2

Json = Any
Falsify = Callable[[httpx.Request, Json], Json]
"""Returns what is passed on instead of an answer's JSON."""


@dataclass(frozen=True, slots=True)
class SimulationCredentials:
    """Keys of shops, made beforehand, and a token for any buyer."""

    api: Api
    merchants: dict[str, str]

    def platform(self) -> str:
        """Return the platform's key."""
        return str(self.api.platform.credential())

    def merchant(self, shop_id: str) -> str:
        """Return the key of a shop."""
        return self.merchants[shop_id]

    def consumer(self, shop_id: str, buyer_id: str) -> str:
        """Return a token that is good now."""
        return self.api.token(buyer_id, shop_id=shop_id)


async def credentials_for(api: Api) -> SimulationCredentials:
    """Make keys for all shops that are simulated here, and for the strangers' ones."""
    shops = [f"{name}-{number}" for name in NAMES for number in range(SHOPS_MAX + 1)]
    pool = api.resources.pool
    return SimulationCredentials(
        api,
        {
            shop_id: await create_key(pool, role=Role.MERCHANT, shop_id=shop_id, name="simulate")
            for shop_id in shops
        },
    )


class LyingWire(httpx.AsyncBaseTransport):
    """Passes requests on to the real service, and falsified answers back."""

    def __init__(self, falsify: Falsify) -> None:
        self._real = httpx.AsyncHTTPTransport()
        self._falsify = falsify

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._real.handle_async_request(request)
        body = self._falsify(request, json.loads(await answer.aread()))
        return httpx.Response(answer.status_code, json=body)


class LossyWire(httpx.AsyncBaseTransport):
    """Loses the answer to every so many-th POST: the service has done what nobody hears of."""

    def __init__(self, every: int) -> None:
        self._real = httpx.AsyncHTTPTransport()
        self._every = every
        self._posts = 0
        self.lost: Counter[str] = Counter()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._real.handle_async_request(request)
        self._posts += request.method == "POST"
        if request.method == "POST" and self._posts % self._every == 0:
            await answer.aread()
            await answer.aclose()
            self.lost[request.url.path.rpartition("/")[2]] += 1
            raise httpx.ReadError("the answer was lost", request=request)
        return answer


@asynccontextmanager
async def service_behind(wire: httpx.AsyncBaseTransport, api: Api) -> AsyncIterator[Service]:
    """Give the running service as it looks from behind a wire."""
    async with httpx.AsyncClient(base_url=api.url, transport=wire, timeout=30) as client:
        yield Service(client, await credentials_for(api))
