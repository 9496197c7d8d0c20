"""A sandbox on a real socket, a client of it, and somebody who receives its callbacks."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import httpx

from app.domain.money import Money
from app.domain.order.facts import PaymentChannel
from app.domain.payees import Payee, PayeeKind
from app.payments.provider.callbacks import Callback, CallbackRefusal, verify_callback
from app.payments.provider.http import HttpPaymentProvider, open_payment_provider
from app.payments.provider.port import (
    BookEntry,
    BookPage,
    PayoutOrder,
    ProviderBook,
    RefundOrder,
)
from app.settings import Settings
from tests.cli.command_server import Forked, run_module
from tests.payments.provider.sandbox_process import CALLBACK_SECRET, SECRET

DEADLINE_SECONDS = 30.0
SHOP = "shop-1"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class SandboxProcess:
    """A sandbox that can be killed and started again where it was."""

    store: Path
    url: str = ""
    _process: Forked | None = None
    _printed: TextIO | None = None
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Start it, on its port if it had one, and wait until it serves."""
        port = self.url.rpartition(":")[2] or "0"
        module = "tests.payments.provider.sandbox_process"
        self._process, reading = run_module(module, port, str(self.store))
        self._printed = open(reading, encoding="utf-8")  # noqa: PTH123, SIM115 - a pipe; it logs on
        self.url = self._printed.readline().strip()
        assert self.url, "the sandbox ended before it served"

    def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process = None
        if self._printed is not None:
            self._printed.close()

    def kill_and_start(self) -> None:
        """End it as a crash would, and start it again."""
        with self._one_at_a_time:
            self.kill()
            self.start()


@contextmanager
def running_sandbox(store: Path) -> Iterator[SandboxProcess]:
    """Run a sandbox; it does not outlive the block."""
    sandbox = SandboxProcess(store)
    try:
        sandbox.start()
        yield sandbox
    finally:
        sandbox.kill()


def provider_settings(url: str, **changes: Any) -> Settings:
    """Return settings that reach a provider, and nothing from the environment."""
    return Settings(
        _env_file=None,
        **{
            "provider_url": url,
            "provider_secret": SECRET,
            "provider_timeout_seconds": 10,
            **changes,
        },
    )


@asynccontextmanager
async def provider_at(url: str, **changes: Any) -> AsyncIterator[HttpPaymentProvider]:
    """Open a client of a provider."""
    async with open_payment_provider(provider_settings(url, **changes)) as provider:
        yield provider


@asynccontextmanager
async def console_of(url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Open what sets the sandbox from a test."""
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
        yield client


def a_refund(key: str, amount: int = 12_900, order_id: str = "order-1") -> RefundOrder:
    """Return a refund that asks for no behaviour unless its amount or order id does."""
    return RefundOrder(
        refund_key=key,
        shop_id=SHOP,
        channel=PaymentChannel.ALIPAY,
        order_id=order_id,
        amount=Money(amount=amount, currency="CNY"),
        reason="售后退款",
    )


def a_payout(key: str, amount: int = 12_900, account: str = "6222-0001") -> PayoutOrder:
    """Return a payout to a card."""
    return PayoutOrder(
        payout_key=key,
        shop_id=SHOP,
        payee=Payee(kind=PayeeKind.BANK_CARD, account=account, holder="李雷"),
        amount=Money(amount=amount, currency="CNY"),
    )


async def whole_book(book: ProviderBook, limit: int = 200) -> list[BookEntry]:
    """Return every entry of a provider's book."""
    entries: list[BookEntry] = []
    while True:
        after = entries[-1].position if entries else 0
        page = await book.book_page(after=after, limit=limit)
        assert isinstance(page, BookPage)
        entries += page.entries
        if page.last:
            return entries


@dataclass(slots=True)
class Receiver:
    """Receives callbacks as our API will; answers 401 to what is not rightly signed."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    """What to answer to the next callbacks instead of 200."""
    seen: list[Callback | CallbackRefusal] = field(default_factory=list)

    def told_of(self, key: str) -> list[Callback]:
        """Return the believable callbacks about a key, in the order they came."""
        return [told for told in self.seen if isinstance(told, Callback) and told.key == key]

    async def receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request, verify it and answer."""
        headers, body = await read_request(reader)
        told = verify_callback(headers, body, [CALLBACK_SECRET], datetime.now(UTC))
        self.seen.append(told)
        usual = 401 if isinstance(told, CallbackRefusal) else 200
        status = self.statuses.pop(0) if self.statuses else usual
        writer.write(answer(status))


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Receive callbacks on a port of its own."""
    receiving = Receiver()
    async with serving(receiving.receive) as url:
        receiving.url = f"{url}/callbacks"
        yield receiving


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """Serve whatever a handler does with a connection, and give the URL; it is closed after."""
    handling: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handling.add(task)
        try:
            await handler(reader, writer)
        except ConnectionError:
            pass  # the caller has gone, as some tests make it do
        finally:
            handling.discard(task)
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in handling:
            task.cancel()


async def read_request(reader: asyncio.StreamReader) -> tuple[dict[str, str], bytes]:
    """Read one HTTP request: its headers, in lower case, and its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = [line.split(":", 1) for line in head.split("\r\n")[1:] if line]
    headers = {name.strip().lower(): value.strip() for name, value in lines}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return headers, body


def answer(status: int, body: bytes = b"", headers: str = "") -> bytes:
    """Return the bytes of an HTTP answer that closes its connection."""
    head = f"HTTP/1.1 {status} -\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}"
    return head.encode() + b"\r\n" + body


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Return once the condition holds; TimeoutError if it does not in time."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await condition():  # noqa: ASYNC110 - it comes true in another process
            await asyncio.sleep(0.01)
