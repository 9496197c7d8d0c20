"""Pushes as they really go: queued by the reader, sent by a worker, over a socket, to a sandbox."""

from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import httpx

from app.event_types.registry import event_codec
from app.notifications.push.provider import PushProvider, http_provider
from app.notifications.push.reader import PushesReader
from app.notifications.push.worker import PushLimits, PushWorker
from app.projection_registry import READERS
from app.projections.checkpoints import ensure_checkpoints
from app.projections.runner import ProjectionRunner
from app.sealing import Seal
from tests.support.api import PUSH_TOKEN_KEY, SHOP, Api, Caller, served
from tests.support.story import done, opened
from tools.sandboxes.push_provider.server import create_push_sandbox

SECRET = "what the sandbox asks for"
INBOX = f"/v1/shops/{SHOP}/notifications"
DEVICES = f"/v1/shops/{SHOP}/devices"
PREFERENCES = f"/v1/shops/{SHOP}/notification-preferences"

READERS_AND_PUSHES = (*READERS, PushesReader(queueing=True))


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox provider, and what it has to show."""

    url: str

    async def messages(self) -> list[dict[str, Any]]:
        """Return what it took, the first message first."""
        headers = {"Authorization": f"Bearer {SECRET}"}
        async with httpx.AsyncClient(trust_env=False, headers=headers) as client:
            found: list[dict[str, Any]] = done(await client.get(self.url))["messages"]
            return found


@asynccontextmanager
async def running_sandbox(slow_seconds: float = 60) -> AsyncIterator[Sandbox]:
    """Serve a sandbox on a free port until the end."""
    async with served(create_push_sandbox(SECRET, slow_seconds=slow_seconds)) as url:
        yield Sandbox(f"{url}/messages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushing:
    """A service that pushes, moved on step by step."""

    api: Api
    sandbox: Sandbox
    provider: PushProvider

    async def follow(self, *, queueing: bool = True) -> None:
        """Let all readers apply all there is, the one that queues pushes included."""
        readers = (*READERS, PushesReader(queueing=queueing))
        async with self.api.resources.pool.acquire() as connection:
            await ensure_checkpoints(connection, [reader.name for reader in readers])
        runner = ProjectionRunner(self.api.resources.pool, event_codec(), readers)
        await runner.run_until_caught_up()

    async def send(self) -> int:
        """Let a worker send all that is due; return how many pushes it had in hand."""
        worker, total = self.worker(), 0
        while had := await worker.run_once():
            total += had
        return total

    def worker(self, limits: PushLimits | None = None) -> PushWorker:
        """Return a worker without jitter."""
        api = self.api
        return PushWorker(
            api.resources.pool,
            self.provider,
            Seal([b64decode(PUSH_TOKEN_KEY)]),
            api.clock,
            limits=limits,
            random=lambda: 0.5,
        )

    async def tell(self, *numbers: int) -> None:
        """Have the buyer told of opened entries, and what is to be pushed queued."""
        for number in numbers:
            await opened(self.api, f"order-{number}")
        await self.follow()

    async def states(self, caller: Caller | None = None) -> list[dict[str, Any]]:
        """Return what became of each message in the push channel, the newest first."""
        page = done(await (caller or self.api.consumer()).get(INBOX))
        return [message["channels"]["push"] for message in page["notifications"]]

    async def state(self) -> str:
        """Return what became of the newest message in the push channel."""
        return str((await self.states())[0]["state"])


@asynccontextmanager
async def pushing_service(api: Api, sandbox: Sandbox) -> AsyncIterator[Pushing]:
    """Give a service that pushes to a sandbox."""
    async with http_provider(sandbox.url, SECRET, api.clock) as provider:
        pushing = Pushing(api=api, sandbox=sandbox, provider=provider)
        await pushing.follow()
        yield pushing


async def registered_device(
    caller: Caller,
    token: str = "a-token",  # noqa: S107 - no secret
    **changes: Any,
) -> str:
    """Register a device and return its id."""
    body = {"platform": "android", "token": token, **changes}
    return str(done(await caller.post(DEVICES, body), 201)["device_id"])


def message_id(notification_id: str, device_id: str) -> str:
    """Return the id a push is known to the provider by."""
    return str(uuid5(UUID(notification_id), device_id))
