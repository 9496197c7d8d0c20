"""A network that fails for a while: a proxy of TCP connections with a plan of troubles."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from enum import Enum
from urllib.parse import urlsplit


class Trouble(Enum):
    """What becomes of a connection, in place of reaching the service."""

    CLOSED = None
    BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    TOO_MANY = (
        b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\n"
        b"Content-Length: 0\r\nConnection: close\r\n\r\n"
    )
    CUT_OFF = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: 999\r\n\r\n"
        b'{"line": 1, '
    )


@asynccontextmanager
async def troubled(url: str, troubles: Sequence[Trouble]) -> AsyncIterator[str]:
    """Give a URL whose first connections end in trouble, one by one; the later ones get through."""
    left = list(troubles)
    target = urlsplit(url)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if left:
                await _fail(left.pop(0), reader, writer)
            else:
                await _connect_through(target.hostname, target.port, reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
        assert not left, f"nobody met {left}"


async def _fail(
    trouble: Trouble, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await reader.readuntil(b"\r\n\r\n")
    if trouble.value is not None:
        writer.write(trouble.value)
        await writer.drain()


async def _connect_through(
    host: str | None,
    port: int | None,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    to_reader, to_writer = await asyncio.open_connection(host, port)
    try:
        await asyncio.gather(_pass_on(reader, to_writer), _pass_on(to_reader, writer))
    finally:
        to_writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
        writer.write_eof()
