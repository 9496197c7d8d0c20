"""What the sandbox does in the background: end accepted orders, and send callbacks."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial

import httpx
import structlog

from app.clock import Clock
from app.payments.provider.callbacks import SIGNATURE_HEADER, callback_headers
from app.waiting import wait_for_any
from tools.sandboxes.payment_provider import outbox, paying
from tools.sandboxes.payment_provider.configuration import callback_url
from tools.sandboxes.payment_provider.outbox import Delivery
from tools.sandboxes.payment_provider.store import Store

CONCURRENCY_MAX = 16
ATTEMPT_SECONDS_MAX = 5.0
WAIT_SECONDS_MAX = 1.0

_log = structlog.get_logger(__name__)


class CallbackSender:
    """Sends what is in the outbox until a 2xx comes back, for a bounded number of attempts."""

    def __init__(
        self, store: Store, client: httpx.AsyncClient, secrets: Sequence[str], clock: Clock
    ) -> None:
        self._store = store
        self._client = client
        self._secrets = secrets
        self._clock = clock
        self._on_the_way: dict[int, asyncio.Task[None]] = {}
        self.wake = asyncio.Event()
        """Set after something was put into the outbox."""

    async def run(self, stop: asyncio.Event) -> None:
        """Send until ``stop`` is set; what is on its way then is sent again at the next start."""
        try:
            while not stop.is_set():
                self.wake.clear()
                await self._start_what_is_due()
                await wait_for_any(await self._seconds_to_wait(), stop, self.wake)
        finally:
            interrupted = list(self._on_the_way.values())
            for task in interrupted:
                task.cancel()
            await asyncio.gather(*interrupted, return_exceptions=True)

    async def send_now(self, key: str) -> None:
        """Try once, now, what is to be sent of a key."""
        url = await self._store.run(callback_url)
        for delivery in await self._store.run(outbox.of_key, key):
            if url is not None and delivery.delivery not in self._on_the_way:
                await self._attempt(delivery, url)

    async def _start_what_is_due(self) -> None:
        url = await self._store.run(callback_url)
        if url is None:
            return
        limit = CONCURRENCY_MAX + len(self._on_the_way)
        for delivery in await self._store.run(outbox.due, self._clock.now(), limit):
            if (
                delivery.delivery not in self._on_the_way
                and len(self._on_the_way) < CONCURRENCY_MAX
            ):
                task = asyncio.create_task(self._attempt(delivery, url))
                self._on_the_way[delivery.delivery] = task
                task.add_done_callback(partial(self._over, delivery.delivery))

    def _over(self, delivery: int, _: asyncio.Task[None]) -> None:
        del self._on_the_way[delivery]
        self.wake.set()

    async def _attempt(self, delivery: Delivery, url: str) -> None:
        body, now = delivery.body.encode(), self._clock.now()
        headers = callback_headers(body, self._secrets, now)
        if delivery.forgeries_left:
            headers[SIGNATURE_HEADER] = f"v1={'0' * 64}"
        answer, taken = await self._answer(url, body, headers)
        if delivery.forgeries_left:
            await self._store.run(outbox.record_forgery, delivery, answer, self._clock.now())
        else:
            await self._store.run(
                outbox.record_attempt, delivery, answer, taken=taken, now=self._clock.now()
            )
        _log.info("callback_sent", delivery=delivery.delivery, answer=answer, taken=taken)
        self.wake.set()

    async def _answer(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[str, bool]:
        """Return the status, or what went wrong, and whether the callback was taken."""
        headers = {**headers, "Content-Type": "application/json"}
        try:
            async with (
                asyncio.timeout(ATTEMPT_SECONDS_MAX),
                self._client.stream("POST", url, content=body, headers=headers) as response,
            ):
                return str(response.status_code), response.is_success
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return type(error).__name__, False

    async def _seconds_to_wait(self) -> float:
        now = self._clock.now()
        return _seconds_until(await self._store.run(outbox.next_due, now), now)


class Settler:
    """Brings accepted orders to their end as their time comes."""

    def __init__(self, store: Store, sender: CallbackSender, clock: Clock) -> None:
        self._store = store
        self._sender = sender
        self._clock = clock
        self.wake = asyncio.Event()
        """Set after an order was accepted."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set."""
        while not stop.is_set():
            self.wake.clear()
            now = self._clock.now()
            if await self._store.run(paying.settle, now):
                self._sender.wake.set()
            coming = await self._store.run(paying.next_settling)
            await wait_for_any(_seconds_until(coming, now), stop, self.wake)


def _seconds_until(instant: datetime | None, now: datetime) -> float:
    if instant is None:
        return WAIT_SECONDS_MAX
    return min(WAIT_SECONDS_MAX, max(0.0, (instant - now).total_seconds()))
