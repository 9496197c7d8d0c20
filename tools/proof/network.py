"""A line of TCP between two who talk, which can be cut at any instant."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

Dial = Callable[[asyncio.Protocol], Awaitable[object]]
"""Connects a protocol to the other end; raises OSError if nothing listens there."""


class Line:
    """Passes bytes on, both ways, until it is cut."""

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._ends: set[_End] = set()
        self._dialling: set[asyncio.Task[None]] = set()

    def cut(self) -> int:
        """Cut every connection as it is, with what it carries; return how many there were."""
        ends = list(self._ends)
        for end in ends:
            end.abort()
        return (len(ends) + 1) // 2

    def abandon(self, seconds: float) -> int:
        """Cut every near end; the far one notices only after a while, as if a cable were out.

        Returns how many there were.
        """
        near_ends = [end for end in self._ends if end.near]
        for near in near_ends:
            far = near.part()
            if far is not None:
                asyncio.get_running_loop().call_later(seconds, far.abort)
        return len(near_ends)

    def accept(self) -> "_End":
        """Return the near end of a new connection."""
        return _End(self._ends, on_made=self._connect)

    def _connect(self, near: "_End") -> None:
        task = asyncio.create_task(self._connected(near))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)

    async def _connected(self, near: "_End") -> None:
        far = _End(self._ends)
        try:
            await self._dial(far)
        except OSError:
            near.abort()
        else:
            near.join(far)


class _End(asyncio.Protocol):
    """One end of a connection; what comes in here goes out at its peer."""

    def __init__(self, ends: "set[_End]", on_made: "Callable[[_End], None] | None" = None) -> None:
        self._ends = ends
        self._on_made = on_made
        self._transport: asyncio.Transport | None = None
        self._peer: _End | None = None
        self._early: list[bytes] = []
        self._lost = False
        self._deaf = False

    def join(self, peer: "_End") -> None:
        """Let everything pass between two ends, what came early too."""
        self._peer, peer._peer = peer, self
        if self._lost or peer._lost:
            self.abort()
            peer.abort()
            return
        for one, other in ((self, peer), (peer, self)):
            for data in one._early:
                other.write(data)
            one._early.clear()

    @property
    def near(self) -> bool:
        """Whether this is the end of the caller."""
        return self._on_made is not None

    def part(self) -> "_End | None":
        """Be gone without the other end's hearing of it; what that one sends is lost. Return it."""
        far, self._peer = self._peer, None
        if far is not None:
            far._peer, far._deaf = None, True
        self.abort()
        return far

    def write(self, data: bytes) -> None:
        """Send something out."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def abort(self) -> None:
        """Close, and drop what has not been sent."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ends.add(self)
        if self._on_made is not None:
            self._on_made(self)

    def data_received(self, data: bytes) -> None:
        if self._peer is not None:
            self._peer.write(data)
        elif not self._deaf:
            self._early.append(data)

    def pause_writing(self) -> None:
        self._of_peer(lambda transport: transport.pause_reading())

    def resume_writing(self) -> None:
        self._of_peer(lambda transport: transport.resume_reading())

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._lost = True
        self._ends.discard(self)
        # What was sent to the other end still gets there, unless the line was cut.
        self._of_peer(lambda transport: transport.close())

    def _of_peer(self, act: Callable[[asyncio.Transport], None]) -> None:
        peer = self._peer
        if peer is not None and peer._transport is not None and not peer._transport.is_closing():
            act(peer._transport)


@asynccontextmanager
async def line_to(dial: Dial) -> AsyncIterator[tuple[Line, int]]:
    """Give a line, and the port of this machine it begins at."""
    line, loop = Line(dial), asyncio.get_running_loop()
    server = await loop.create_server(line.accept, "127.0.0.1", 0, backlog=512)
    try:
        yield line, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        line.cut()


def to_port(port: int) -> Dial:
    """Dial a port of this machine."""

    async def dial(protocol: asyncio.Protocol) -> object:
        loop = asyncio.get_running_loop()
        return await loop.create_connection(lambda: protocol, "127.0.0.1", port)

    return dial


def to_socket(path: str) -> Dial:
    """Dial a Unix socket."""

    async def dial(protocol: asyncio.Protocol) -> object:
        loop = asyncio.get_running_loop()
        return await loop.create_unix_connection(lambda: protocol, path)

    return dial
