"""What a live stream sends: what is new as it comes, signs of life between, and its own end."""

import asyncio
import random
from collections.abc import AsyncGenerator
from typing import Protocol

import structlog

from app.api.request_context import RequestContext
from app.api.sse.open_streams import OpenStream
from app.api.sse.response import HEARTBEAT, block
from app.projections.wakeup import DATABASE_AWAY

READ_AT_ONCE_MAX = 100
RETRY_MILLISECONDS = (2_000, 5_000)
"""When a client comes back, each at its own time: all streams of a process may end at once."""

CHECK_EVERY_SECONDS = 1.0
"""How often it is asked whether the credential still holds, which is remembered for some time."""

_log = structlog.get_logger(__name__)


class Following(Protocol):
    """Somebody's place in what they follow, and what comes after it."""

    @property
    def place(self) -> int | str:
        """What a client passes back to go on from here."""
        ...

    async def read_on(self) -> tuple[list[bytes], bool]:
        """Return blocks to send, up to `READ_AT_ONCE_MAX`, and whether there may be more already.

        The place is behind them then. Holds a connection only as long as it reads.
        """
        ...


async def live_blocks(
    call: RequestContext, following: Following, stream: OpenStream
) -> AsyncGenerator[bytes]:
    """Give what is to be sent; ends when it may not go on. Holds no connection while it waits."""
    time = asyncio.get_running_loop().time
    heartbeat_seconds = call.services.resources.settings.stream_heartbeat_seconds
    retry = random.randint(*RETRY_MILLISECONDS)  # noqa: S311 - no secret
    yield block(id_=(told := following.place), retry=retry)
    sent_at, may_be_more = time(), True
    try:
        while not stream.ending.is_set() and await call.still_allowed():
            blocks: list[bytes] = []
            if may_be_more:
                stream.heard.clear()
                blocks, may_be_more = await following.read_on()
            for each in blocks:
                sent_at, told = time(), following.place
                yield each
            if time() >= sent_at + heartbeat_seconds:
                # Whoever waits for rare things is told now and then how far the search has come.
                sent_at, before, told = time(), told, following.place
                yield HEARTBEAT if told == before else block(id_=told)
            may_be_more = may_be_more or await _heard(
                stream, min(CHECK_EVERY_SECONDS, heartbeat_seconds)
            )
    except DATABASE_AWAY as error:
        _log.info("stream_ended_without_database", reason=error)


async def _heard(stream: OpenStream, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await stream.heard.wait()
    except TimeoutError:
        return False
