"""`aftersales demo`: the main story on an embedded database, then an open service to go on with."""

import asyncio
import json
import secrets
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Annotated

import httpx
import typer
from pydantic import SecretStr
from starlette.applications import Starlette

from app.access.authentication import LIFETIME_MAX, consumer_token_keys, sign_consumer_token
from app.access.keys import create_key
from app.cli.console import CommandFailed, ExitCode, Interrupted, out, run
from app.cli.context import quietly, read_settings, ready_database
from app.cli.listening import (
    listen,
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
from app.payments.provider.wire import BOOK_PATH
from app.resources import open_resources
from app.settings import Settings
from tools.demo.calls import Calls, Credentials, Sandbox
from tools.demo.stock import DemoStock, fill_stock, new_stock
from tools.demo.story import Story, curl_lines
from tools.importers.lines import NumberedLine
from tools.importers.service import connected_service
from tools.own_service import unless, work_until
from tools.samples.orders import BUYER, SHOP, sample_orders
from tools.sandboxes.payment_provider.server import SandboxOptions, create_sandbox
from tools.sandboxes.push_provider.server import create_push_sandbox

KEYS_LIVE = timedelta(days=7)


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the story.")] = False,
    port: Annotated[
        int | None, typer.Option(help="Port to begin looking for a free one at.", min=1, max=65_535)
    ] = None,
) -> None:
    """Run the main scenario over HTTP, then keep serving, with keys and sample calls.

    It always uses an embedded PostgreSQL in .data, never a database of yours. Exits with 1 if the
    story broke off.

    Example: aftersales demo --once
    """
    settings = quietly(read_settings(embedded=True))
    run(_demo(settings, port or settings.http_port, once=once), quickest_loop())


async def _demo(settings: Settings, port: int, *, once: bool) -> None:
    with (
        stop_on_signals() as stop,
        listen_from(settings.http_host, port) as listener,
        listen("127.0.0.1", 0) as phones,
        listen("127.0.0.1", 0) as bank,
    ):
        url = url_of(listener)
        settings = _paying_through(url_of(bank), _pushing_to(url_of(phones), settings))
        out.print("[bold]After-sales for orders past the after-sales period (超售后期售后)[/]")
        if listener.getsockname()[1] != port:
            out.print(f"Port {port} is in use; taking the next free one.", style="yellow")
        with out.status("Starting the embedded PostgreSQL, a few seconds the first time ..."):
            database = AsyncExitStack()
            ready = await database.enter_async_context(ready_database(settings))
        stock = new_stock()
        async with database, asyncio.TaskGroup() as tasks:
            app = build_app(ready, stock=stock.examples)
            tasks.create_task(serve_until(make_server(app), listener, stop))
            tasks.create_task(serve_until(make_server(_phones(settings)), phones, stop))
            provider = create_sandbox(_provider(settings, url), SystemClock(), stop)
            tasks.create_task(serve_until(make_server(provider), bank, stop))
            tasks.create_task(work_until(ready, stop))
            try:
                finished = await unless(stop, _play(ready, url, stock, once=once))
                if finished and not once:
                    await stop.wait()
            finally:
                stop.set()
    if not finished:
        raise Interrupted
    out.print("The story has ended." if once else "Stopped.")


async def _play(settings: Settings, url: str, stock: DemoStock, *, once: bool) -> None:
    name = stock.name
    credentials = await _credentials(settings)
    out.print(f"API and worker run at {url}, on an embedded PostgreSQL in {settings.data_dir}.")
    await _import_samples(url, credentials.platform, name)
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        pushes = Sandbox(url=settings.push_url or "", secret=_plain(settings.push_secret))
        provider = Sandbox(url=settings.provider_url or "", secret=_plain(settings.provider_secret))
        await Story(Calls(client, credentials, out), name, pushes, provider).play()
        if not once:
            await fill_stock(Calls(client, credentials, out), stock)
    if not once:
        _say_how_to_go_on(url, credentials, name, provider)


def _pushing_to(url: str, settings: Settings) -> Settings:
    """Push everything to a sandbox of this run, regardless of the settings."""
    secret = SecretStr(secrets.token_urlsafe(16))
    return settings.model_copy(update={"push_url": f"{url}/messages", "push_secret": secret})


def _paying_through(url: str, settings: Settings) -> Settings:
    """Pay refunds through a sandbox of this run, regardless of the settings."""
    fresh = SecretStr(secrets.token_urlsafe(16)), SecretStr(secrets.token_urlsafe(16))
    return settings.model_copy(
        update={
            "provider_url": url,
            "provider_secret": fresh[0],
            "provider_callback_secret": fresh[1],
            "provider_callback_secret_previous": None,
        }
    )


def _phones(settings: Settings) -> Starlette:
    return create_push_sandbox(_plain(settings.push_secret))


def _provider(settings: Settings, url: str) -> SandboxOptions:
    """Return how the payment provider is run: its book outlives this run."""
    return SandboxOptions(
        store=settings.data_dir / "provider-sandbox.sqlite3",
        secret=_plain(settings.provider_secret),
        callback_secrets=[_plain(settings.provider_callback_secret)],
        callback_url=f"{url}/v1/provider/callbacks",
    )


def _plain(secret: SecretStr | None) -> str:
    return "" if secret is None else secret.get_secret_value()


async def _import_samples(url: str, key: str, name: str) -> None:
    lines = [
        NumberedLine(number, json.dumps(order).encode(), 0)
        for number, order in enumerate(sample_orders(name, datetime.now(UTC)), start=1)
    ]
    async with connected_service(url, key) as service:
        results = await service.send(lines)
    taken = sum(result["status"] == 201 for result in results)
    if taken != len(lines):
        raise CommandFailed(
            f"the service refused sample orders: {results}",
            "this is a defect; report it with the text above",
            ExitCode.FOUND_FAULTS,
        )
    out.print(f"{taken} sample orders are imported, {name}-01 to {name}-{taken:02}.")


async def _credentials(settings: Settings) -> Credentials:
    """Make keys of a run's own: the secrets of earlier ones are not kept."""
    now = datetime.now(UTC)
    async with open_resources(settings, SystemClock()) as resources:
        platform, merchant, colleague = [
            await create_key(
                resources.pool, role=role, shop_id=shop_id, name="demo", expires_at=now + KEYS_LIVE
            )
            for role, shop_id in (
                (Role.PLATFORM, None),
                (Role.MERCHANT, SHOP),
                (Role.PLATFORM, None),
            )
        ]
    consumer = sign_consumer_token(
        consumer_token_keys(settings), buyer_id=BUYER, shop_id=SHOP, now=now, life=LIFETIME_MAX
    )
    return Credentials(platform=platform, merchant=merchant, consumer=consumer, colleague=colleague)


def _say_how_to_go_on(url: str, credentials: Credentials, name: str, provider: Sandbox) -> None:
    out.print()
    out.rule("The service stays up; Ctrl-C ends it")
    out.print(f"Docs: {url}/docs")
    out.print("Authorize there with one of these keys; every example names something of this run.")
    keys = {
        "platform": credentials.platform,
        f"merchant of {SHOP}": credentials.merchant,
        f"consumer {BUYER}, for an hour": credentials.consumer,
    }
    for whose, key in keys.items():
        out.print(f"Key of the {whose}:", key, soft_wrap=True)
    book = f"{provider.url}{BOOK_PATH}"
    out.print(f"The sandbox payment provider's book: {book}, with the key", provider.secret)
    out.print("Three calls to go on with: look at another order, open its entry, apply:")
    for line in curl_lines(url, credentials, name):
        out.print()
        out.print(line, markup=False, soft_wrap=True)
    out.print()
