"""One run of `aftersales listen`: pages from the feed, a signed request for each event."""

import asyncio
import json
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from app.cli.console import err, out
from app.cli.errors import CommandFailed
from app.leased_work.backoff import Backoff
from app.reactions.public_types import EventType
from app.waiting import wait_for_any
from app.webhooks.secrets import SigningSecret
from app.webhooks.signing import signature_headers

PAGE_EVENTS = 20
"""So many events may come again if a run is killed; one that is told to end loses none of them."""

WAIT_SECONDS = 20
FEED_TIMEOUT_SECONDS = WAIT_SECONDS + 20.0
FORWARD_TIMEOUT_SECONDS = 15.0
RETRIES = Backoff(seconds_min=0.5, seconds_max=10.0)

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class ListenSession:
    """What the command line said, and how far it has come: ``cursor``, None for the beginning."""

    shop: str
    service_url: str
    key: str
    forward_to: str
    types: tuple[EventType, ...]
    secret: SigningSecret
    cursor: str | None

    async def run(self, stop: asyncio.Event) -> None:
        """Receive and post until told to stop; CommandFailed if the feed is refused."""
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
        """Post the events of a page; False if told to stop before its end."""
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
        """Post one event, signed, and return what came of it in a word."""
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        signed = signature_headers(event["id"], body, [self.secret], datetime.now(UTC))
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
    """Do the work, or leave it as soon as it is time to stop."""
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
        told = f"{problem['title']} ({problem['code']})"
    except (ValueError, KeyError, TypeError):
        told = f"status {answer.status_code}"
    return CommandFailed(
        f"the feed cannot be read: {told}",
        "see that --shop, --after and the key are right, and that the key has events:read",
    )


def _name(error: Exception) -> str:
    return type(error).__name__
