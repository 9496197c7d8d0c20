"""A cheap load generator: a separate process, keep-alive connections, hardly any parsing.

It is the same for the service and for what the service is compared with.
"""

import asyncio
import multiprocessing
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import cast

import uvloop

from tools.bench.rounds import Round

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests, complete with head and body, to be sent over so many connections at a time."""

    port: int
    connections: int
    requests: Sequence[bytes]
    expected_status: int = 200
    per_second: float | None = None
    """At what rate requests are sent, as far as connections are free; None: as they are free."""


class WrongAnswer(Exception):
    """The server answered something else than expected."""


class LoadProcess:
    """The process that sends. Starting it is not part of any measurement."""

    def __init__(self, executor: ProcessPoolExecutor) -> None:
        self._executor = executor

    async def send(self, load: Load) -> Round:
        """Send everything, each connection its next request when it is answered."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, _send, load)


@contextmanager
def load_process() -> Iterator[LoadProcess]:
    """Start the process and end it afterwards."""
    spawning = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=spawning) as executor:
        yield LoadProcess(executor)


def http_request(
    method: str,
    path: str,
    body: bytes = b"",
    *,
    content_type: str = "application/json",
    **headers: str,
) -> bytes:
    """Return a request as it goes over the wire; names of headers are written with `_` for `-`."""
    lines = [f"{method} {path} HTTP/1.1", "host: bench"]
    if body:
        lines += [f"content-length: {len(body)}", f"content-type: {content_type}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + _END_OF_HEAD + body


def _send(load: Load) -> Round:
    return uvloop.run(_sent(load))


async def _sent(load: Load) -> Round:
    loop = asyncio.get_running_loop()
    waiting = deque(load.requests)
    senders = [_Sender(waiting, load.expected_status) for _ in range(load.connections)]
    for sender in senders:
        await loop.create_connection(partial(_same, sender), "127.0.0.1", load.port)
    began = loop.time()
    for number, sender in enumerate(senders):
        if load.per_second is not None:
            interval = load.connections / load.per_second
            sender.pace(began + number / load.per_second, interval)
        sender.send_next()
    await asyncio.gather(*(sender.done for sender in senders))
    seconds = loop.time() - began
    latencies = [latency for sender in senders for latency in sender.latencies]
    return Round(seconds=seconds, operations=len(latencies), latencies_seconds=latencies)


def _same(sender: "_Sender") -> "_Sender":
    return sender


class _Sender(asyncio.Protocol):
    """One connection: sends the next request when the last one is answered."""

    def __init__(self, waiting: deque[bytes], expected_status: int) -> None:
        self.latencies: list[float] = []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        self._expected = b" %d " % expected_status
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self._sent_at = 0.0
        self._due_at: float | None = None
        self._interval_seconds = 0.0

    def pace(self, first_at: float, interval_seconds: float) -> None:
        """Send the requests no earlier than at instants of the loop's clock an interval apart."""
        self._due_at, self._interval_seconds = first_at, interval_seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or WrongAnswer("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_ends = self._received.find(_END_OF_HEAD)
        if head_ends < 0:
            return
        length_at = self._received.lower().index(_LENGTH) + len(_LENGTH)
        length = int(self._received[length_at : self._received.index(b"\r", length_at)])
        if len(self._received) < head_ends + len(_END_OF_HEAD) + length:
            return
        self.latencies.append(time.perf_counter() - self._sent_at)
        if self._expected not in self._received[:16]:
            self._end(WrongAnswer(self._received[:2000].decode(errors="replace")))
            return
        self._received = b""
        self.send_next()

    def send_next(self) -> None:
        """Send the next request when it is due, or close the connection if there is none."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            self._end(None)
        elif self._due_at is not None and self._due_at > loop.time():
            loop.call_at(self._due_at, self.send_next)
        else:
            assert self._transport is not None  # noqa: S101 - sending begins after connecting
            self._due_at = None if self._due_at is None else self._due_at + self._interval_seconds
            self._sent_at = time.perf_counter()
            self._transport.write(self._waiting.popleft())

    def _end(self, error: Exception | None) -> None:
        if error is not None:
            self.done.set_exception(error)
        else:
            self.done.set_result(None)
        assert self._transport is not None  # noqa: S101
        self._transport.close()
