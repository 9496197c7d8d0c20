"""The whole service for a proof: Postgres, API, two workers and a provider, and lines between."""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from app.access.authentication import ConsumerTokenKeys
from app.access.keys import create_key
from app.event_store.recorded_event import Role
from app.migrate import migrate
from app.postgres.embedded.postgres import SOCKET_NAME, PostgresServer, temporary_postgres
from app.postgres.pool import open_pool
from app.settings import Settings
from tools.proof.calling import Keys
from tools.proof.network import Line, line_to, to_port, to_socket
from tools.proof.processes import Member, clean_environment

WORKERS = 2
READY_SECONDS_MAX = 60.0
LEASE_SECONDS = 4.0
"""How long the refunds of a worker that was killed wait; a minute by default."""

PACE: Mapping[str, str] = {
    "AFTERSALES_PROVIDER_TIMEOUT_SECONDS": "1",
    "AFTERSALES_PROVIDER_CONNECT_TIMEOUT_SECONDS": "0.5",
    "AFTERSALES_REFUND_LEASE_SECONDS": f"{LEASE_SECONDS}",
    "AFTERSALES_REFUND_PAUSE_SECONDS_MIN": "0.2",
    "AFTERSALES_REFUND_PAUSE_SECONDS_MAX": "3",
    "AFTERSALES_CLAIM_IDLE_SECONDS_MAX": "3",
    "AFTERSALES_CONNECT_TIMEOUT_SECONDS": "2",
}
"""What differs from the service's defaults: the same, only sooner."""


@dataclass(slots=True, kw_only=True)
class Service:
    """Everything that can be killed, cut or asked."""

    folder: Path
    postgres: PostgresServer
    api: Member
    workers: Sequence[Member]
    provider: Member
    reconcile: Member
    """`aftersales reconcile`, run once in the end."""
    to_database: Line
    to_provider: Line
    to_api: Line
    api_url: str
    """Through the line of clients."""
    api_direct_url: str
    provider_direct_url: str
    provider_secret: str
    keys: Keys
    surprises: list[str] = field(default_factory=list)
    """What went wrong with Postgres that should not."""

    @property
    def members(self) -> Sequence[Member]:
        """Every process but Postgres."""
        return (self.api, *self.workers, self.provider)

    @property
    def store(self) -> Path:
        """The file of the provider's book."""
        return self.folder / "provider.sqlite3"

    async def ready(self) -> None:
        """Wait until API and provider answer; TimeoutError if they do not in time."""
        async with (
            asyncio.timeout(READY_SECONDS_MAX),
            httpx.AsyncClient(trust_env=False, timeout=2) as client,
        ):
            for url in (f"{self.api_direct_url}/readyz", f"{self.provider_direct_url}/livez"):
                while not await _answers(client, url):  # noqa: ASYNC110 - in another process
                    await asyncio.sleep(0.05)


@asynccontextmanager
async def running_service(folder: Path, shops: Sequence[str]) -> AsyncIterator[Service]:
    """Run it on an empty database, durable as in production, until the end."""
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(temporary_postgres(durable=True))
        await migrate(postgres.url())
        consumer_secret = secrets.token_urlsafe(32)
        keys = await _keys(postgres.url(), shops, consumer_secret)
        api_port, provider_port = _free_port(), _free_port()
        host = parse_qs(urlsplit(postgres.url()).query)["host"][0]
        to_database, database_port = await stack.enter_async_context(
            line_to(to_socket(f"{host}/{SOCKET_NAME}"))
        )
        to_provider, line_port = await stack.enter_async_context(line_to(to_port(provider_port)))
        to_api, client_port = await stack.enter_async_context(line_to(to_port(api_port)))
        provider_secret = secrets.token_urlsafe(32)
        environment = clean_environment(
            **PACE,
            AFTERSALES_DATABASE_URL=f"postgresql://postgres@127.0.0.1:{database_port}/postgres",
            AFTERSALES_CONSUMER_TOKEN_SECRET=consumer_secret,
            AFTERSALES_PROVIDER_URL=f"http://127.0.0.1:{line_port}",
            AFTERSALES_PROVIDER_SECRET=provider_secret,
            AFTERSALES_PROVIDER_CALLBACK_SECRET=secrets.token_urlsafe(32),
            AFTERSALES_RATE_LIMIT_REQUESTS="1000000000",
            AFTERSALES_LOG_FORMAT="json",
        )

        def member(name: str, *words: str) -> Member:
            return Member(name=name, words=words, environment=environment, folder=folder)

        service = Service(
            folder=folder,
            postgres=postgres,
            api=member("api", "serve", "--no-worker", "--port", str(api_port)),
            workers=[member(f"worker-{number}", "worker") for number in range(1, WORKERS + 1)],
            provider=member(
                "provider",
                "provider-sandbox",
                *("--port", str(provider_port), "--store", str(folder / "provider.sqlite3")),
                *("--slow-seconds", "0.4"),
            ),
            reconcile=member("reconcile", "reconcile", "--json", "--grace-seconds", "0"),
            to_database=to_database,
            to_provider=to_provider,
            to_api=to_api,
            api_url=f"http://127.0.0.1:{client_port}",
            api_direct_url=f"http://127.0.0.1:{api_port}",
            provider_direct_url=f"http://127.0.0.1:{provider_port}",
            provider_secret=provider_secret,
            keys=keys,
        )
        for one in service.members:
            # In a thread: who stops still talks over our lines.
            stack.push_async_callback(asyncio.to_thread, one.stop)
            one.start()
        await service.ready()
        yield service


async def _keys(database_url: str, shops: Sequence[str], consumer_secret: str) -> Keys:
    settings = Settings(_env_file=None, database_url=database_url)
    async with open_pool(database_url, settings) as pool:
        platform = await create_key(pool, role=Role.PLATFORM, shop_id=None, name="proof")
        merchants = {
            shop_id: await create_key(pool, role=Role.MERCHANT, shop_id=shop_id, name="proof")
            for shop_id in shops
        }
    consumer = ConsumerTokenKeys(
        secret=consumer_secret,
        public_key=None,
        issuer=settings.consumer_token_issuer,
        audience=settings.consumer_token_audience,
    )
    return Keys(platform=platform, merchants=merchants, consumer=consumer)


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(url)).is_success
    except httpx.TransportError:
        return False


def _free_port() -> int:
    """Return a port that a process can be started on again and again."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
