"""Receivers of webhooks on real sockets: good ones, and every kind of bad one.

`receiving(behaviour)` serves one behaviour on a free port of this machine until the end, and keeps
what it was sent. A behaviour answers one request; what it leaves open is closed for it.
"""

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

HOST = "hooks.example.com"
"""The name receivers are known by to `Pointing` resolvers."""

Behaviour = Callable[["Connection"], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A request as it came. ``headers``: by names in lower case."""

    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Receiver:
    """What a receiver has seen. ``connections``: made to it, requests or not."""

    port: int = 0
    scheme: str = "http"
    connections: int = 0
    requests: list[Received] = field(default_factory=list)
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def receive(self, request: Received) -> None:
        """Keep a request."""
        async with self._came:
            self.requests.append(request)
            self._came.notify_all()

    async def has_received(self, count: int, seconds_max: float = 30.0) -> None:
        """Wait until so many requests have come; TimeoutError if they do not."""
        async with asyncio.timeout(seconds_max), self._came:
            await self._came.wait_for(lambda: len(self.requests) >= count)

    def url(self, host: str = HOST, target: str = "/hook") -> str:
        """Return its URL by a name."""
        return f"{self.scheme}://{host}:{self.port}{target}"


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection of which a request was read."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    request: Received

    async def send(self, content: bytes) -> None:
        """Write, and wait while the other side does not read."""
        self.writer.write(content)
        await self.writer.drain()

    def reset(self) -> None:
        """Break off without a farewell."""
        raw: socket.socket = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


@asynccontextmanager
async def receiving(
    behaviour: Behaviour, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Receiver]:
    """Serve a behaviour, a request a connection or as many as it answers with a length."""
    receiver = Receiver(scheme="https" if tls else "http")
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        receiver.connections += 1
        task = asyncio.current_task()
        if task is not None:
            tasks.add(task)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                request = await read_request(reader)
                await receiver.receive(request)
                await behaviour(Connection(reader, writer, request))
                if not getattr(behaviour, "keeps_alive", False):
                    break
        writer.close()

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def read_request(reader: asyncio.StreamReader) -> Received:
    """Read a request with a length."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip().split("\r\n")
    headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in lines)}
    body = await reader.readexactly(int(headers["content-length"]))
    return Received(target=first.split()[1], headers=headers, body=body)


class Answering:
    """A good receiver: one whole answer, the connection kept."""

    keeps_alive = True

    def __init__(self, status: int = 200, headers: str = "", body: bytes = b"") -> None:
        lines = f"HTTP/1.1 {status} Said\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        self._answer = lines.encode() + body

    async def __call__(self, connection: Connection) -> None:
        await connection.send(self._answer)


class Raw:
    """Sends bytes, HTTP or not, and closes."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __call__(self, connection: Connection) -> None:
        await connection.send(self._content)


class Dripping:
    """Sends a beginning, then one byte after another for ever."""

    def __init__(self, beginning: bytes, pause_seconds: float = 0.01) -> None:
        self._beginning = beginning
        self._pause_seconds = pause_seconds

    async def __call__(self, connection: Connection) -> None:
        await connection.send(self._beginning)
        while True:
            await connection.send(b"x")
            await asyncio.sleep(self._pause_seconds)


def slow_headers() -> Dripping:
    """Never come to the end of a header."""
    return Dripping(b"HTTP/1.1 200 OK\r\nX-Slow: ")


def slow_body(status: int = 200) -> Dripping:
    """Send a body of a known length too slowly."""
    return Dripping(f"HTTP/1.1 {status} OK\r\nContent-Length: 1000000\r\n\r\n".encode())


async def silent(connection: Connection) -> None:
    """Take a request and never answer."""
    await connection.reader.read()


class Endless:
    """Sends a beginning, then one piece again and again as fast as it can."""

    def __init__(self, beginning: bytes, piece: bytes) -> None:
        self._beginning = beginning
        self._pieces = piece * max(65_536 // len(piece), 1)  # sending is to cost little

    async def __call__(self, connection: Connection) -> None:
        await connection.send(self._beginning)
        while True:
            await connection.send(self._pieces)


def endless_body(status: int = 200) -> Endless:
    """Send a body that has no end."""
    return Endless(f"HTTP/1.1 {status} OK\r\n\r\n".encode(), b"x" * 65_536)


def endless_chunks(chunk_bytes: int = 0x4000) -> Endless:
    """Send a body that has no end, in chunks."""
    beginning = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return Endless(beginning, b"%x\r\n%s\r\n" % (chunk_bytes, b"x" * chunk_bytes))


def endless_headers() -> Endless:
    """Send headers that have no end."""
    return Endless(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"y" * 1_000 + b"\r\n")


def endless_interim_answers() -> Endless:
    """Promise an answer again and again."""
    return Endless(b"", b"HTTP/1.1 102 Processing\r\n\r\n")


def gzip_bomb(unpacked_bytes: int = 100_000_000) -> Answering:
    """Send a small answer that would unpack to a large one."""
    return Answering(
        headers="Content-Encoding: gzip\r\n", body=gzip.compress(bytes(unpacked_bytes))
    )


class Resetting:
    """Sends a beginning, then breaks the connection."""

    def __init__(self, beginning: bytes = b"") -> None:
        self._beginning = beginning

    async def __call__(self, connection: Connection) -> None:
        await connection.send(self._beginning)
        connection.reset()


def redirecting(location: str, status: int = 302) -> Answering:
    """Point elsewhere."""
    return Answering(status, headers=f"Location: {location}\r\n")


def throttling(status: int = 429, retry_after: str | None = None) -> Answering:
    """Ask to be sent less."""
    headers = "" if retry_after is None else f"Retry-After: {retry_after}\r\n"
    return Answering(status, headers=headers)


def gone() -> Answering:
    """Want nothing any more."""
    return Answering(410)


@asynccontextmanager
async def without_tls(greeting: bytes) -> AsyncIterator[Receiver]:
    """Say something at once that is no TLS, or with nothing to say stay silent, and wait."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        receiver.connections += 1
        writer.write(greeting)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    receiver = Receiver(scheme="https", port=server.sockets[0].getsockname()[1])
    async with server:
        yield receiver


@asynccontextmanager
async def never_accepting() -> AsyncIterator[Receiver]:
    """Let nobody in: the queue of those who want to connect is full."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        try:
            yield Receiver(port=port)
        finally:
            for one in waiting:
                one.close()


@asynccontextmanager
async def nobody() -> AsyncIterator[Receiver]:
    """Give a port on which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield Receiver(port=bound.getsockname()[1])


class Pointing:
    """A resolver by which every name has the addresses given, in turn; the last ones stay.

    ``asked``: the names, in order.
    """

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers) or [["127.0.0.1"]]
        self.asked: list[str] = []

    async def addresses(self, host: str) -> Sequence[str]:
        """Return the next answer; see `Resolver`."""
        self.asked.append(host)
        answer = self._answers[0] if len(self._answers) == 1 else self._answers.pop(0)
        if not answer:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return answer
