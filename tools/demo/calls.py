"""How the demo's story calls the service, and how it shows what comes back."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

import httpx
from rich import box
from rich.console import Console
from rich.table import Table

from app.cli.console import CommandFailed, ExitCode
from app.domain.policy import SHANGHAI

POLLS_MAX = 400
POLL_SECONDS = 0.05

Json = dict[str, Any]
Part = Literal["platform", "merchant", "consumer", "colleague"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the three take part with, and a second person of the platform."""

    platform: str
    merchant: str
    consumer: str
    colleague: str

    def of(self, part: Part) -> dict[str, str]:
        """Return the headers one of them sends."""
        bearers = {
            "platform": self.platform,
            "merchant": self.merchant,
            "consumer": self.consumer,
            "colleague": self.colleague,
        }
        return {"Authorization": f"Bearer {bearers[part]}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """Where the demo's sandbox shows what it received, and with which secret."""

    url: str
    secret: str

    async def ask(self, client: httpx.AsyncClient, path: str = "") -> Json:
        """Return what it shows."""
        headers = {"Authorization": f"Bearer {self.secret}"}
        return answer(await client.get(f"{self.url}{path}", headers=headers))


class Calls:
    """Calls the service in the name of one of the three, and counts the steps of the story."""

    def __init__(
        self, client: httpx.AsyncClient, credentials: Credentials, console: Console
    ) -> None:
        self.client = client
        self.console = console
        self._credentials = credentials
        self._step = 0

    def say(self, text: str, path: str | None = None) -> None:
        """Begin the next step."""
        self._step += 1
        self.console.print()
        self.console.print(f"[bold cyan]{self._step}.[/] [bold]{text}[/]")
        if path is not None:
            self.console.print(path, style="dim", soft_wrap=True)

    async def get(
        self,
        path: str,
        *,
        by: Part = "consumer",
        language: str = "en",
        params: dict[str, str] | None = None,
    ) -> Json:
        """Read something; CommandFailed if the service refuses."""
        headers = {**self._credentials.of(by), "Accept-Language": language}
        return answer(await self.client.get(path, headers=headers, params=params))

    async def post(
        self, path: str, body: Json | None = None, *, by: Part = "consumer", key: str | None = None
    ) -> Json:
        """Ask for something; CommandFailed if the service refuses."""
        headers = self._credentials.of(by)
        if key is not None:
            headers["Idempotency-Key"] = key
        return answer(await self.client.post(path, headers=headers, json=body))

    async def put(self, path: str, body: Json, *, by: Part = "consumer") -> Json:
        """Replace something; CommandFailed if the service refuses."""
        headers = self._credentials.of(by)
        return answer(await self.client.put(path, headers=headers, json=body))

    async def delete(self, path: str, *, by: Part) -> None:
        """Take something away; CommandFailed if the service refuses."""
        succeeded(await self.client.delete(path, headers=self._credentials.of(by)))

    async def import_lines(self, path: str, lines: list[Json]) -> None:
        """Import orders; CommandFailed if the service refuses any of them."""
        headers = {**self._credentials.of("platform"), "Content-Type": "application/x-ndjson"}
        content = "\n".join(json.dumps(line) for line in lines)
        response = succeeded(await self.client.post(path, headers=headers, content=content))
        results = [json.loads(line) for line in response.text.splitlines()]
        expect(all(one["status"] == 201 for one in results), "orders are taken", {"is": results})


async def until_seen(look: Callable[[], Awaitable[T | None]], what: str) -> T:
    """Look until there is something to see; CommandFailed if there is nothing in time."""
    for _ in range(POLLS_MAX):
        seen = await look()
        if seen is not None:
            return seen
        await asyncio.sleep(POLL_SECONDS)
    raise broken(f"waited in vain until {what}")


def answer(response: httpx.Response) -> Json:
    """Return the answer to a call that succeeded; CommandFailed for any other."""
    body: Json = succeeded(response).json()
    return body


def succeeded(response: httpx.Response) -> httpx.Response:
    """Return a response if the call succeeded; CommandFailed for any other."""
    if response.is_success:
        return response
    request = response.request
    raise broken(f"{request.method} {request.url.path}: {response.status_code} {response.text}")


def expect(holds: bool, what: str, seen: Json) -> None:
    """Go on only if what the story needs holds."""
    if not holds:
        raise broken(f"expected that {what}, but saw {seen}")


def broken(text: str) -> CommandFailed:
    """Return the failure of a story that cannot go on."""
    return CommandFailed(
        f"the story broke off: {text}",
        "this is a defect; report it with the text above",
        ExitCode.FOUND_FAULTS,
    )


def table_of(*columns: str) -> Table:
    """Return an empty table."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def money(amount: int, currency: str = "CNY") -> str:
    """Show an amount of minor units."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100:,}.{abs(amount) % 100:02} {currency}"


def minute(instant: str) -> str:
    """Show an instant as it is in Shanghai, to the minute."""
    return f"{datetime.fromisoformat(instant).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def both(text: Json) -> str:
    """Show a text in both languages."""
    return f"{text['zh_cn']} / {text['en']}"
