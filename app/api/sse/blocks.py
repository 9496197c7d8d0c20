"""The blocks of a live stream: new things as they come, heartbeats between, and the end."""

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
"""When a client reconnects, at random: all streams of a process may end at once."""

CHECK_EVERY_SECONDS = 1.0
"""How often the credential is checked again; the result is cached for some time."""

_log = structlog.get_logger(__name__)


class Following(Protocol):
    """A client's place in a stream, and what comes after it."""

    @property
    def place(self) -> int | str:
        """What a client passes back to resume here."""
        ...

    async def read_on(self) -> tuple[list[bytes], bool]:
        """Return blocks to send, up to `READ_AT_ONCE_MAX`, and whether there may be more already.

        The place is behind them then. Holds a connection only as long as it reads.
        """
        ...


async def live_blocks(
    call: RequestContext, following: Following, stream: OpenStream
) -> AsyncGenerator[bytes]:
    """Yield blocks until the stream must end. Holds no database connection while it waits."""
    time = asyncio.get_running_loop().time
    heartbeat_seconds = call.services.resources.settings.stream_heartbeat_seconds
    retry = random.randint(*RETRY_MILLISECONDS)  # noqa: S311 - no secret
    yield block(id_=(sent_place := following.place), retry=retry)
    sent_at, may_be_more = time(), True
    try:
        while not stream.ending.is_set() and await call.still_allowed():
            blocks: list[bytes] = []
            if may_be_more:
                stream.wakeup.clear()
                blocks, may_be_more = await following.read_on()
            for each in blocks:
                sent_at, sent_place = time(), following.place
                yield each
            if time() >= sent_at + heartbeat_seconds:
                # A client whose filters match rarely gets the place reached, to resume from.
                sent_at, before, sent_place = time(), sent_place, following.place
                yield HEARTBEAT if sent_place == before else block(id_=sent_place)
            may_be_more = may_be_more or await _woken(
                stream, min(CHECK_EVERY_SECONDS, heartbeat_seconds)
            )
    except DATABASE_AWAY as error:
        _log.info("stream_ended_without_database", reason=error)


async def _woken(stream: OpenStream, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await stream.wakeup.wait()
    except TimeoutError:
        return False
