"""Answering with server-sent events (WHATWG HTML, 9.2): blocks of text, for as long as it takes."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack

from app.api.sse.streaming_response import StreamedAnswer

EVENT_STREAM = "text/event-stream"

HEARTBEAT = b": still here\n\n"
"""A comment: it keeps proxies from closing a quiet stream, and finds out who has gone."""

SEND_SECONDS_MAX = 20.0
"""How long a client may take to accept what is sent; one that does not read is left."""


def block(
    *, event: str | None = None, data: bytes | None = None, id_: int | str, retry: int = 0
) -> bytes:
    """Return one block: without data it dispatches nothing, and is where a client goes on from.

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
    """Sends blocks as they come, until there are no more, or until nobody listens any longer."""

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
