"""`aftersales simulate`: simulates merchants and consumers on a service and checks everything."""

import asyncio
import re
import secrets
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from urllib.parse import urlsplit

import httpx
import typer

from app.access.authentication import (
    LIFETIME_MAX,
    ConsumerTokenKeys,
    consumer_token_keys,
    sign_consumer_token,
)
from app.access.keys import create_key
from app.api.resources.common import ID_PATTERN
from app.cli.console import CommandFailed, ExitCode, Interrupted, base_url, err, run
from app.cli.context import quietly, read_settings, ready_database
from app.cli.listening import (
    listen_from,
    make_server,
    quickest_loop,
    serve_until,
    stop_on_signals,
    url_of,
)
from app.clock import SystemClock
from app.event_store.recorded_event import Role
from app.main import build_app
from app.resources import open_resources
from app.settings import Settings
from tools.own_service import unless, work_until
from tools.simulation.clock import ClockStuck, ShopExists
from tools.simulation.console import progress_of, show_report
from tools.simulation.run import shop_ids, simulate, strangers_shop_id
from tools.simulation.service import CredentialsRefused, Service, ServiceLost, UnexpectedAnswer
from tools.simulation.size import DAYS_MAX, ORDERS_IN_ALL_MAX, ORDERS_MAX, SHOPS_MAX, Size

KEYS_LIVE = timedelta(days=1)
TIMEOUT_SECONDS = 60.0
NAME_LENGTH_MAX = 48
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def simulation(
    *,
    shops: Annotated[int, typer.Option(min=1, max=SHOPS_MAX, help="How many shops.")] = 2,
    orders: Annotated[int, typer.Option(min=1, max=ORDERS_MAX, help="Orders of each shop.")] = 20,
    days: Annotated[int, typer.Option(min=1, max=DAYS_MAX, help="Days of their clocks.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed plays the same stories.")] = 1,
    url: Annotated[
        str | None,
        typer.Option(
            parser=base_url,
            metavar="URL",
            help="Where the service runs; without it one is started on the embedded database.",
        ),
    ] = None,
    platform_key: Annotated[
        str | None,
        typer.Option(
            envvar="AFTERSALES_PLATFORM_KEY",
            help="A platform's key, for --url; better in the variable than on the command line.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What the shops' ids begin with; they must be new.")
    ] = None,
) -> None:
    """Simulate merchants and consumers over HTTP on test clocks, then check all results.

    Orders are imported, entries opened, tickets applied for and decided, deadlines missed, and
    things tried that are not allowed. In the end every order, list and inbox is compared with what
    an independent telling of the rules expects. Exits with 1 if anything differs.

    With --url, keys of the simulated shops are made in the database of the settings, which must be
    the service's own; the shops stay there, in test mode.

    Example: aftersales simulate

    Example: aftersales simulate --shops 5 --orders 100 --days 60 --seed 7

    Example: AFTERSALES_PLATFORM_KEY=... aftersales simulate --url http://127.0.0.1:8000
    """
    if shops * orders > ORDERS_IN_ALL_MAX:
        raise CommandFailed.wrong_use(
            f"{shops * orders:,} orders are too many",
            f"keep shops times orders within {ORDERS_IN_ALL_MAX:,}",
        )
    size = Size(shops=shops, orders=orders, days=days, seed=seed)
    one = _Simulation(size=size, name=_checked_name(name))
    if url is None:
        settings = quietly(read_settings(embedded=True))
        run(one.on_own_service(settings), quickest_loop())
    else:
        settings = quietly(read_settings())
        run(one.on_running_service(settings, url, _checked_key(platform_key)), quickest_loop())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Credentials:
    """Keys of the platform and the shops, and tokens signed when they are asked for."""

    platform_key: str
    merchant_keys: dict[str, str]
    token_keys: ConsumerTokenKeys

    def platform(self) -> str:
        return self.platform_key

    def merchant(self, shop_id: str) -> str:
        return self.merchant_keys[shop_id]

    def consumer(self, shop_id: str, buyer_id: str) -> str:
        return sign_consumer_token(
            self.token_keys,
            buyer_id=buyer_id,
            shop_id=shop_id,
            now=datetime.now(UTC),
            life=LIFETIME_MAX / 2,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Simulation:
    size: Size
    name: str

    async def on_own_service(self, settings: Settings) -> None:
        """Start a service on the embedded database, and end it when all is done."""
        with stop_on_signals() as stop, listen_from(settings.http_host, 0) as listener:
            with err.status("Starting the embedded PostgreSQL, a few seconds the first time ..."):
                database = AsyncExitStack()
                ready = await database.enter_async_context(ready_database(settings))
            async with database, asyncio.TaskGroup() as tasks:
                tasks.create_task(serve_until(make_server(build_app(ready)), listener, stop))
                tasks.create_task(work_until(ready, stop))
                try:
                    finished = await unless(stop, self._play(ready, url_of(listener), None))
                finally:
                    stop.set()
        if not finished:
            raise Interrupted

    async def on_running_service(self, settings: Settings, url: str, platform_key: str) -> None:
        """Simulate on a service that runs already."""
        async with ready_database(settings) as ready:
            await self._play(ready, url, platform_key)

    async def _play(self, settings: Settings, url: str, platform_key: str | None) -> None:
        credentials = await self._credentials(settings, platform_key)
        # A proxy set for the world outside would not find this machine.
        trust_env = urlsplit(url).hostname not in _LOOPBACK
        async with httpx.AsyncClient(
            base_url=url, timeout=TIMEOUT_SECONDS, trust_env=trust_env
        ) as client:
            await _check_reachable(client, url)
            with _failures_named(url), progress_of(self.size) as shown:
                service = Service(client, credentials)
                report = await simulate(service, self.size, self.name, shown)
        show_report(report, self.size, self.name)

    async def _credentials(self, settings: Settings, platform_key: str | None) -> _Credentials:
        """Make keys that end by themselves; the platform's only if none was given."""
        token_keys = consumer_token_keys(settings)
        if token_keys.secret is None:
            raise CommandFailed.wrong_use(
                "there is no secret to sign the consumers' tokens with",
                "set AFTERSALES_CONSUMER_TOKEN_SECRET to the secret the service runs with",
            )
        ends = datetime.now(UTC) + KEYS_LIVE
        shops = [*shop_ids(self.name, self.size), strangers_shop_id(self.name)]
        async with open_resources(settings, SystemClock()) as resources:

            async def made(role: Role, shop_id: str | None) -> str:
                return await create_key(
                    resources.pool, role=role, shop_id=shop_id, name="simulate", expires_at=ends
                )

            return _Credentials(
                platform_key=platform_key or await made(Role.PLATFORM, None),
                merchant_keys={shop_id: await made(Role.MERCHANT, shop_id) for shop_id in shops},
                token_keys=token_keys,
            )


def _checked_name(name: str | None) -> str:
    if name is None:
        return f"sim-{datetime.now().astimezone():%m%d-%H%M%S}-{secrets.token_hex(1)}"
    if len(name) > NAME_LENGTH_MAX or not re.fullmatch(ID_PATTERN, name):
        raise CommandFailed.wrong_use(
            f"{name!r} cannot begin a shop's id",
            f"use up to {NAME_LENGTH_MAX} letters, digits, dots, dashes and underscores",
        )
    return name


def _checked_key(platform_key: str | None) -> str:
    if not platform_key:
        raise CommandFailed.wrong_use(
            "a running service lets us in with a platform's key only",
            "AFTERSALES_PLATFORM_KEY=$(aftersales keys create platform --name simulate)",
        )
    return platform_key


async def _check_reachable(client: httpx.AsyncClient, url: str) -> None:
    try:
        await client.get("/livez")
    except httpx.TransportError as error:
        raise CommandFailed(
            f"no service at {url} ({str(error) or type(error).__name__})",
            "start one with: aftersales serve; or leave out --url, and one is started here",
        ) from error


@contextmanager
def _failures_named(url: str) -> Iterator[None]:
    try:
        yield
    except ShopExists as error:
        raise CommandFailed.wrong_use(
            f"there is a shop {error} already, and a simulation begins with new ones",
            "choose another --name, or leave it out",
        ) from error
    except ClockStuck as error:
        raise CommandFailed(
            f"the clock of shop {error} does not get ready",
            "see that a worker runs: aftersales worker; its log says what keeps it",
        ) from error
    except CredentialsRefused as error:
        raise CommandFailed(
            f"{url} does not take our credentials: {error}",
            "give a platform's key of that service, and run with the service's own settings: "
            "AFTERSALES_DATABASE_URL and AFTERSALES_CONSUMER_TOKEN_SECRET",
        ) from error
    except ServiceLost as error:
        raise CommandFailed(
            f"{url} does not answer any more: {error}", "see that it runs, then begin again"
        ) from error
    except UnexpectedAnswer as error:
        raise CommandFailed(
            f"{url} answered what it must not: {error}",
            "see what the service's log says of it",
            ExitCode.FOUND_FAULTS,
        ) from error
