"""Endpoints that are really sent to: over sockets, step by step, as far as a test wants."""

import json
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from standardwebhooks import Webhook

from app.projections.checkpoints import ensure_checkpoints
from app.sealing import Seal
from app.topology import Topology
from app.webhooks.deliveries.fan_out import FANOUT_READER
from app.webhooks.deliveries.opening import fan_out_runner
from app.webhooks.deliveries.worker import DeliveryLimits, DeliveryWorker
from app.webhooks.egress_policy import EgressPolicy
from app.webhooks.sending import Sender, SendingLimits, open_sender
from tests.support.api import SEALING_KEY, SHOP, Api, Caller
from tests.support.story import done, opened
from tests.webhooks.receivers import Received, Receiver

ENDPOINTS = f"/v1/shops/{SHOP}/webhook-endpoints"
OF_PLATFORM = "/v1/platform/webhook-endpoints"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint as its owner knows it."""

    caller: Caller
    path: str
    made: dict[str, Any]

    @property
    def endpoint_id(self) -> str:
        """Its id."""
        return str(self.made["endpoint_id"])

    async def now(self) -> dict[str, Any]:
        """Return it as it is."""
        return done(await self.caller.get(self.path))

    async def post(self, what: str, body: Any = None, *, status: int = 202) -> dict[str, Any]:
        """Ask for something, as its owner."""
        answer = await self.caller.post(f"{self.path}/{what}", body, key=f"{what}-{next(_NUMBERS)}")
        return done(answer, status)

    async def deliveries(self, **filters: Any) -> list[dict[str, Any]]:
        """List its deliveries, the newest first."""
        page = done(await self.caller.get(f"{self.path}/deliveries", {"limit": 200, **filters}))
        found: list[dict[str, Any]] = page["deliveries"]
        return found

    async def states(self) -> list[str]:
        """Return the states of its deliveries, the oldest first."""
        return [one["state"] for one in reversed(await self.deliveries())]

    async def delivery(self, delivery_id: str) -> dict[str, Any]:
        """Return a delivery with its attempts."""
        return done(await self.caller.get(f"{self.path}/deliveries/{delivery_id}"))

    async def health(self) -> dict[str, Any]:
        """Return how it does."""
        return done(await self.caller.get(f"{self.path}/health"))


@dataclass(slots=True, kw_only=True)
class Subscribing:
    """A service that sends webhooks, moved on step by step."""

    api: Api
    sender: Sender
    workers: list[DeliveryWorker] = field(default_factory=list)

    async def endpoint(
        self,
        receiver: Receiver,
        *,
        caller: Caller | None = None,
        path: str = ENDPOINTS,
        **settings: Any,
    ) -> Endpoint:
        """Make an endpoint of a receiver."""
        caller = caller or (self.api.platform if path == OF_PLATFORM else self.api.merchant)
        body = {"url": receiver.url("127.0.0.1"), **settings}
        made = done(await caller.post(path, body, key=f"endpoint-{next(_NUMBERS)}"), 201)
        return Endpoint(caller=caller, path=f"{path}/{made['endpoint_id']}", made=made)

    async def follow(self) -> None:
        """Queue what has happened."""
        async with self.api.resources.pool.acquire() as connection:
            await ensure_checkpoints(connection, [FANOUT_READER])
        await fan_out_runner(self.api.resources.pool, Topology.SINGLE).run_until_caught_up()

    async def send(self) -> int:
        """Send all that is due; return how many attempts that took."""
        attempts = 0
        while had := await self.worker().run_once():
            attempts += had
        return attempts

    def worker(self) -> DeliveryWorker:
        """Return the worker, whose waits are exactly those of the schedule."""
        if not self.workers:
            self.workers.append(self.new_worker())
        return self.workers[0]

    def new_worker(self, limits: DeliveryLimits | None = None) -> DeliveryWorker:
        """Return another worker."""
        api = self.api
        seal = Seal([b64decode(SEALING_KEY)])
        return DeliveryWorker(
            api.resources.pool, self.sender, seal, api.clock, limits=limits, random=lambda: 0.5
        )

    async def tell(self, *numbers: int) -> None:
        """Open the entries of new orders, each an event, and have it queued."""
        for number in numbers:
            await opened(self.api, f"order-{number}")
        await self.follow()


@asynccontextmanager
async def subscribing_service(api: Api, **limits: Any) -> AsyncIterator[Subscribing]:
    """Give a service that sends webhooks to this machine too."""
    sending = SendingLimits(**{"total_seconds": 10.0, **limits})
    async with open_sender(EgressPolicy(private=True), api.clock, limits=sending) as sender:
        yield Subscribing(api=api, sender=sender)


def verified(request: Received, secret: str) -> dict[str, Any]:
    """Return the event of a request whose v1 signature is right by the reference package."""
    assert is_signed(request, secret)
    event: dict[str, Any] = json.loads(request.body)
    assert event["id"] == request.headers["webhook-id"]
    return event


def is_signed(request: Received, secret: str) -> bool:
    """Whether one of a request's signatures is made with a secret."""
    at = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
    signature = Webhook(secret).sign(request.headers["webhook-id"], at, request.body.decode())
    return signature in request.headers["webhook-signature"].split()


def orders_in(requests: Sequence[Received]) -> list[str]:
    """Return the orders that requests are about, in the order they came."""
    return [json.loads(one.body)["data"]["order"]["order_id"] for one in requests]


_NUMBERS = count()
