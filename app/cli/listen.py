"""`aftersales listen`: read a shop's events from the feed and post them, signed, to a local URL."""

import asyncio
import json
import shlex
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import httpx
import typer

from app.cli.console import LOCAL, CommandFailed, Url, base_url, err, out, run
from app.cli.listening import stop_on_signals
from app.leased_work.backoff import Backoff
from app.reactions.public_types import EventType
from app.waiting import wait_for_any
from app.webhooks import signing

PAGE_EVENTS = 20
"""At most this many events are posted again after a killed run; Ctrl-C repeats none."""

WAIT_SECONDS = 20
FEED_TIMEOUT_SECONDS = WAIT_SECONDS + 20.0
FORWARD_TIMEOUT_SECONDS = 15.0
RETRIES = Backoff(seconds_min=0.5, seconds_max=10.0)

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class ListenSession:
    """The options of a run and its position: ``cursor``, None for the beginning of the feed."""

    shop: str
    service_url: str
    key: str
    forward_to: str
    types: tuple[EventType, ...]
    secret: signing.SigningSecret
    cursor: str | None

    async def run(self, stop: asyncio.Event) -> None:
        """Read and post until ``stop`` is set; CommandFailed if the feed refuses the request."""
        headers = {"Authorization": f"Bearer {self.key}"}
        async with (
            httpx.AsyncClient(
                base_url=self.service_url,
                headers=headers,
                timeout=FEED_TIMEOUT_SECONDS,
                trust_env=False,
            ) as feed,
            httpx.AsyncClient(timeout=FORWARD_TIMEOUT_SECONDS, trust_env=False) as forward,
        ):
            failures = 0
            while not stop.is_set():
                try:
                    page = await _unless(stop, self._page(feed))
                except httpx.HTTPError as error:
                    err.print(f"The service cannot be reached ({_name(error)}); trying again.")
                    failures += 1
                    await wait_for_any(RETRIES.after(failures), stop)
                    continue
                failures = 0
                if page is not None and await self._post_all(forward, page["events"], stop):
                    self.cursor = page["next_cursor"]

    async def _page(self, feed: httpx.AsyncClient) -> dict[str, Any]:
        query: dict[str, Any] = {"limit": PAGE_EVENTS, "wait": WAIT_SECONDS}
        if self.types:
            query["types"] = [each.value for each in self.types]
        if self.cursor is not None:
            query["after"] = self.cursor
        answer = await feed.get(f"/v1/shops/{self.shop}/events", params=query)
        if answer.status_code == 429 or answer.status_code >= 500:
            answer.raise_for_status()
        if answer.status_code != 200:
            raise _refused(answer)
        page: dict[str, Any] = answer.json()
        return page

    async def _post_all(
        self, forward: httpx.AsyncClient, events: list[dict[str, Any]], stop: asyncio.Event
    ) -> bool:
        """Post the events of a page; False if stopped before its end."""
        for event in events:
            if stop.is_set():
                return False
            began = time.perf_counter()
            answered = await self._post(forward, event)
            took_ms = (time.perf_counter() - began) * 1_000
            about = event["data"].get("order", {}).get("order_id", event["stream_id"])
            line = f"{event['timestamp']} {event['type']} {about} -> {answered}, {took_ms:.0f} ms"
            out.print(line, markup=False, soft_wrap=True)
        return True

    async def _post(self, forward: httpx.AsyncClient, event: dict[str, Any]) -> str:
        """Post one event, signed, and return the result in a word."""
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        signed = signing.signature_headers(event["id"], body, [self.secret], datetime.now(UTC))
        headers = {"Content-Type": "application/json", **signed}
        try:
            async with (
                asyncio.timeout(FORWARD_TIMEOUT_SECONDS),
                forward.stream("POST", self.forward_to, content=body, headers=headers) as answer,
            ):
                return str(answer.status_code)
        except TimeoutError:
            return "no answer in time"
        except httpx.HTTPError as error:
            return f"not sent ({_name(error)})"


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Return the result of the work, or None if ``stop`` is set before."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)


def _refused(answer: httpx.Response) -> CommandFailed:
    try:
        problem = answer.json()
        said = f"{problem['title']} ({problem['code']})"
    except (ValueError, KeyError, TypeError):
        said = f"status {answer.status_code}"
    return CommandFailed(
        f"the feed cannot be read: {said}",
        "check --shop, --after and the key, and that the key has events:read",
    )


def _name(error: Exception) -> str:
    return type(error).__name__


LATEST, FIRST = "latest", "first"

Key = Annotated[
    str,
    typer.Option(
        envvar="AFTERSALES_API_KEY",
        help="A key of the shop or the platform; prefer the environment variable.",
    ),
]


def listen_to_shop(
    shop: Annotated[str, typer.Option(help="The shop whose events to receive.")],
    forward_to: Annotated[
        str, typer.Option(parser=base_url, metavar="URL", help="Where to post each event.")
    ],
    *,
    key: Key,
    url: Url = LOCAL,
    types: Annotated[
        list[EventType] | None,
        typer.Option(metavar="TYPE", help="Only these types; repeat it for several."),
    ] = None,
    after: Annotated[
        str,
        typer.Option(
            metavar="CURSOR",
            help="Where to begin: latest (new events only), first (all events), or the cursor that "
            "an earlier run ended with.",
        ),
    ] = LATEST,
    secret: Annotated[
        str | None,
        typer.Option(
            envvar="AFTERSALES_LISTEN_SECRET",
            help="A whsec_ or whsk_ to sign with [default: a new one, which is shown].",
        ),
    ] = None,
) -> None:
    """Read a shop's events from the feed and post them, signed, to a local URL.

    Each is signed like a webhook (Standard Webhooks) and shown with the response's status and time.
    A rejected event is not sent again. Ctrl-C ends the command and prints how to continue.

    Example: aftersales listen --shop shop-1 --forward-to http://127.0.0.1:3000/webhooks

    Example: aftersales listen --shop shop-1 --forward-to http://127.0.0.1:3000 --types
    ticket.created --after first
    """
    text = secret or signing.new_shared_secret()
    session = ListenSession(
        shop=shop,
        service_url=url,
        key=key,
        forward_to=forward_to,
        types=tuple(types or ()),
        secret=_parsed(text),
        cursor=None if after == FIRST else after,
    )
    if secret is None:
        err.print(f"Signing secret: {text}", markup=False, soft_wrap=True)
    err.print(f"Events of {shop} are posted to {forward_to}; Ctrl-C ends it.", soft_wrap=True)
    try:
        run(_listen(session))
    finally:
        if session.cursor not in {None, LATEST}:
            again = ["--shop", shop, "--forward-to", forward_to, "--after", str(session.cursor)]
            err.print(f"To continue: aftersales listen {shlex.join(again)}", soft_wrap=True)


def _parsed(secret: str) -> signing.SigningSecret:
    try:
        return signing.parse_secret(secret)
    except signing.SecretRefused as refused:
        raise CommandFailed.wrong_use(
            f"this is no signing secret ({refused.fault.value})",
            "pass a whsec_ or a whsk_, or leave it out for a new one",
        ) from refused


async def _listen(session: ListenSession) -> None:
    with stop_on_signals() as stop:
        await session.run(stop)
