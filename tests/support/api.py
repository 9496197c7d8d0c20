"""The real application on a real socket, and callers of every kind to talk to it.

order = await registered(api)
answer = await api.merchant.post(f"{order}/after-sales-entry/open", OPEN)
assert answer.status_code == 200
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.applications import Starlette

from app.access.authentication import ConsumerTokenKeys, consumer_token_keys, sign_consumer_token
from app.access.keys import create_key
from app.cli.listening import listen, make_server, serve_until, url_of
from app.clock import ManualClock
from app.event_store.recorded_event import Role
from app.event_types.registry import event_codec
from app.main import build_app
from app.projection_registry import READERS
from app.projections.checkpoints import ensure_checkpoints
from app.projections.runner import ProjectionRunner
from app.resources import Resources
from app.settings import Settings
from tests.support.document_conformance import Answers

SHOP, OTHER_SHOP = "shop-1", "shop-2"
BUYER, OTHER_BUYER = "buyer-1", "buyer-2"

TOKEN_SECRET = "a shared secret of more than thirty-two bytes"
PUSH_TOKEN_KEY = "a2VlcHMgcHVzaCB0b2tlbnMgb2YgdGVzdHMgc2VjcmU="
SEALING_KEY = "a2VlcHMgc2VjcmV0cyBvZiB0ZXN0cyBzZWNyZXQhISE="
CALLBACK_SECRET = "what the provider signs its callbacks with"
TOKEN_SIGNING_KEY = Ed25519PrivateKey.generate()
TOKEN_PUBLIC_KEY = (
    TOKEN_SIGNING_KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a credential, or with none; the credential is made anew for each request."""

    client: httpx.AsyncClient
    credential: Callable[[], str | None]

    async def get(
        self,
        path: str,
        query: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """GET a path with query parameters, which are encoded as needed."""
        return await self.send("GET", path, headers=headers, params=query)

    async def post(
        self,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        if_match: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """POST a body as JSON, or raw bytes as they are and said to be JSON."""
        sent = dict(headers or {})
        if key is not None:
            sent["Idempotency-Key"] = key
        if if_match is not None:
            sent["If-Match"] = if_match
        if isinstance(body, bytes):
            sent = {"Content-Type": "application/json", **sent}
            return await self.send("POST", path, headers=sent, content=body)
        return await self.send("POST", path, headers=sent, json=body)

    async def put(self, path: str, body: Any, *, if_match: str | None = None) -> httpx.Response:
        """PUT a body as JSON."""
        headers = {} if if_match is None else {"If-Match": if_match}
        return await self.send("PUT", path, headers=headers, json=body)

    async def send(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **parts: Any
    ) -> httpx.Response:
        """Send a request in this caller's name."""
        sent = dict(headers or {})
        credential = self.credential()
        if credential is not None:
            sent.setdefault("Authorization", f"Bearer {credential}")
        return await self.client.request(method, path, headers=sent, **parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The running application, its clock, and those who call it."""

    url: str
    app: FastAPI
    client: httpx.AsyncClient
    clock: ManualClock
    resources: Resources
    token_keys: ConsumerTokenKeys
    platform: Caller
    merchant: Caller
    other_merchant: Caller

    @property
    def nobody(self) -> Caller:
        """Somebody without any credential."""
        return Caller(self.client, lambda: None)

    def bearer(self, credential: str) -> Caller:
        """Somebody who presents exactly this."""
        return Caller(self.client, lambda: credential)

    def consumer(self, buyer_id: str = BUYER, *, shop_id: str | None = None) -> Caller:
        """A buyer whose app renews the token all the time."""
        return Caller(self.client, lambda: self.token(buyer_id, shop_id=shop_id))

    def token(
        self,
        buyer_id: str = BUYER,
        *,
        shop_id: str | None = None,
        life: timedelta = timedelta(minutes=10),
    ) -> str:
        """Return a token that is good now."""
        return sign_consumer_token(
            self.token_keys, buyer_id=buyer_id, shop_id=shop_id, now=self.clock.now(), life=life
        )

    async def follow(self) -> None:
        """Let the readers apply all there is, so that the lists are current."""
        await ProjectionRunner(self.resources.pool, event_codec(), READERS).run_until_caught_up()

    async def contents(self) -> dict[str, Any]:
        """Return what the database holds, to be compared with what it holds later."""
        rows = await self.resources.pool.fetch(_CONTENTS)
        return {row["table"]: (row["count"], row["hash"]) for row in rows}


_TABLES = ("log_heads", "events", "idempotency_keys", "orders", "tickets", "notifications")
_CONTENTS = " UNION ALL ".join(
    f"SELECT '{table}' AS \"table\", count(*) AS count,"
    f" md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS hash FROM after_sales.{table} AS t"
    for table in _TABLES
)


def api_settings(settings: Settings, **changes: Any) -> Settings:
    """Return settings that accept consumers' tokens of both kinds, and the provider's callbacks."""
    tokens = {
        "consumer_token_secret": SecretStr(TOKEN_SECRET),
        "consumer_token_public_key": TOKEN_PUBLIC_KEY,
        "push_token_key": SecretStr(PUSH_TOKEN_KEY),
        "sealing_key": SecretStr(SEALING_KEY),
        "provider_callback_secret": SecretStr(CALLBACK_SECRET),
    }
    return settings.model_copy(update={**tokens, **changes})


@asynccontextmanager
async def running_api(
    settings: Settings, clock: ManualClock, resources: Resources, app: FastAPI | None = None
) -> AsyncIterator[Api]:
    """Serve the application on a free port until the end, with a key for each kind of caller.

    At the end every answer is held against the application's document.
    """
    pool = resources.pool
    platform = await create_key(pool, role=Role.PLATFORM, shop_id=None, name="tests")
    merchant, other = [
        await create_key(pool, role=Role.MERCHANT, shop_id=shop_id, name="tests")
        for shop_id in (SHOP, OTHER_SHOP)
    ]
    async with pool.acquire() as connection:
        await ensure_checkpoints(connection, [reader.name for reader in READERS])
    app, answers = app or build_app(settings, clock), Answers()
    hooks: dict[str, list[Any]] = {"response": [answers.hear]}
    async with (
        served(app) as url,
        httpx.AsyncClient(base_url=url, trust_env=False, timeout=30, event_hooks=hooks) as client,
    ):
        yield Api(
            url=url,
            app=app,
            client=client,
            clock=clock,
            resources=resources,
            token_keys=consumer_token_keys(settings),
            platform=Caller(client, lambda: platform),
            merchant=Caller(client, lambda: merchant),
            other_merchant=Caller(client, lambda: other),
        )
    assert answers.undocumented() == []


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """Serve an application, as the service does, on a free port of this machine; give its URL."""
    server, stop = make_server(app), asyncio.Event()
    listener = listen("127.0.0.1", 0)
    serving = asyncio.create_task(serve_until(server, listener, stop))
    try:
        while not server.started:
            assert not serving.done(), "the server did not start"
            await asyncio.sleep(0.001)
        yield url_of(listener)
    finally:
        stop.set()
        await serving


async def until(holds: Callable[[], Awaitable[bool]], *, seconds: float = 30) -> None:
    """Wait until something holds; an AssertionError if that takes too long."""
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.02)
