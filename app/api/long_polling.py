"""Long polling: waits for the first event of a feed if the request asks for it."""

import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from app.api.problems.problem import ProblemError
from app.api.request_context import RequestContext
from app.api.sse.open_streams import OpenStream
from app.waiting import wait_for_any
from app.webhooks.feed.queries import FedEvent
from app.webhooks.feed.reader import FeedKey

CHECK_EVERY_SECONDS = 1.0
"""How often it is checked that a waiting client is connected and authorized."""


class Page(Protocol):
    """A page of a feed, whatever its extent."""

    @property
    def events(self) -> tuple[FedEvent, ...]:
        """What there is."""
        ...

    @property
    def more(self) -> bool:
        """Whether there may be more already."""
        ...


P = TypeVar("P", bound=Page)


async def waited_for(
    call: RequestContext, look: Callable[[], Awaitable[P]], wait_seconds: float, *followed: FeedKey
) -> P:
    """Read until there are events or the time is over; holds no connection while it waits.

    ``look`` resumes where it stopped before. A waiting request counts as a live stream.
    """
    if not wait_seconds:
        return await look()
    until = time.monotonic() + wait_seconds
    services, actor = call.services, call.caller.actor
    woken = services.feeds.woken(*followed)
    with services.streams.open(woken, f"{actor.role.value}/{actor.id}/events") as stream:
        while True:
            stream.wakeup.clear()
            page = await look()
            if page.events or not (page.more or await _woken(call, stream, until)):
                return page


async def _woken(call: RequestContext, stream: OpenStream, until: float) -> bool:
    """Wait for a wake-up; return False if the time is over or the client has disconnected."""
    while not stream.ending.is_set() and (left := until - time.monotonic()) > 0:
        await wait_for_any(min(left, CHECK_EVERY_SECONDS), stream.wakeup, stream.ending)
        if not await call.still_allowed():
            raise ProblemError("unauthenticated", headers={"WWW-Authenticate": "Bearer"})
        if stream.wakeup.is_set():
            return not stream.ending.is_set()
        if await call.request.is_disconnected():
            return False
    return False
