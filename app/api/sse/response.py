"""Streaming answers: chunks of any kind, and server-sent events (WHATWG HTML, 9.2)."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack, aclosing

import structlog
from fastapi import Response
from starlette.types import Receive, Scope, Send

_log = structlog.get_logger(__name__)


class BrokenOff(Exception):
    """An answer that has begun cannot be completed, and the client must notice."""


class StreamedAnswer(Response):
    """Sends chunks as they come, until the last one or until the client disconnects.

    An answer that fails is broken off without the last chunk, which every HTTP client notices. A
    client that does not accept a chunk within ``send_seconds_max`` is disconnected. ``held`` is
    closed in the end in any case.
    """

    def __init__(
        self,
        chunks: AsyncGenerator[bytes],
        *,
        headers: Mapping[str, str],
        media_type: str,
        send_seconds_max: float,
        held: ExitStack | None = None,
    ) -> None:
        # A proxy must not buffer the answer.
        super().__init__(headers={**headers, "X-Accel-Buffering": "no"}, media_type=media_type)
        del self.headers["content-length"]
        self._chunks = chunks
        self._send_seconds_max = send_seconds_max
        self._held = held or ExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send until the end, or until the client has gone."""
        with self._held:
            sending = asyncio.create_task(self._send_all(send))
            gone = asyncio.create_task(_disconnected(receive))
            try:
                await asyncio.wait({sending, gone}, return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    sending.result()
            except TimeoutError:
                _log.info("stream_client_does_not_read")
            except BrokenOff as error:
                _log.warning("stream_broken_off", reason=error.__cause__ or error)
            finally:
                for task in (sending, gone):
                    task.cancel()
                await asyncio.gather(sending, gone, return_exceptions=True)

    async def _send_all(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        async with aclosing(self._chunks):
            async for sent in self._chunks:
                async with asyncio.timeout(self._send_seconds_max):
                    await send({"type": "http.response.body", "body": sent, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


EVENT_STREAM = "text/event-stream"

HEARTBEAT = b": still here\n\n"
"""A comment: it keeps proxies from closing a quiet stream, and detects clients that are gone."""

SEND_SECONDS_MAX = 20.0
"""How long a client may take to accept a chunk before it is disconnected."""


def block(
    *, event: str | None = None, data: bytes | None = None, id_: int | str, retry: int = 0
) -> bytes:
    """Return one block; one without data dispatches no event and only sets the id to resume from.

    ``data`` is one line. ``retry`` is in milliseconds.
    """
    lines = [b"id: " + str(id_).encode()]
    if retry:
        lines.append(b"retry: %d" % retry)
    if event is not None:
        lines.append(b"event: " + event.encode())
    if data is not None:
        lines.append(b"data: " + data)
    return b"\n".join(lines) + b"\n\n"


class EventStream(StreamedAnswer):
    """Sends blocks as they come, until the last one or until the client disconnects."""

    def __init__(
        self,
        blocks: AsyncGenerator[bytes],
        held: ExitStack,
        headers: Mapping[str, str],
        *,
        send_seconds_max: float = SEND_SECONDS_MAX,
    ) -> None:
        super().__init__(
            blocks,
            headers=headers,
            media_type=EVENT_STREAM,
            send_seconds_max=send_seconds_max,
            held=held,
        )
