"""A server on a socket of ours, stopped by us: uvicorn without its hold on signals."""

import asyncio
import gc
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from uvicorn.loops.auto import auto_loop_factory

from app.api.http_protocol import HttpProtocol
from app.api.services import end_streams
from app.cli.console import LoopFactory
from app.cli.errors import CommandFailed

BACKLOG = 2_048
PORTS_TRIED_MAX = 100
SHUTDOWN_SECONDS_MAX = 10
COLLECTION_THRESHOLDS = (10_000, 20, 20)
KEEP_ALIVE_SECONDS = 75
"""Longer than clients and balancers keep an idle connection (60 s at most, as a rule): whoever
closes first must not be us, or a request may meet a connection that is just going away."""


class Server(uvicorn.Server):
    """Leaves signals alone, so that whatever else runs in the process is stopped in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none; `should_exit` is set by whoever runs the server."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving; live streams, which never end by themselves, are ended first."""
        if isinstance(self.config.app, FastAPI):
            end_streams(self.config.app)
        await super().shutdown(sockets)


def make_server(app: Starlette) -> Server:
    """Return a server of the application, to be run on a socket with `serve(sockets=[...])`."""
    return Server(
        uvicorn.Config(
            app,
            http=HttpProtocol,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS_MAX,
        )
    )


def quickest_loop() -> LoopFactory | None:
    """Return what makes the event loop that serves quickest here: uvloop's where it exists."""
    return auto_loop_factory()


def collect_seldom() -> None:
    """Let garbage collection pass over what is loaded now, and over the rest less often.

    For a process about to serve for long. Otherwise every collection of old objects looks through
    all of the libraries, and a tenth of the time of a request goes into it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTION_THRESHOLDS)


async def serve_until(server: Server, listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve until told to stop, then let requests under way end; a failed start sets `stop`."""

    async def wait() -> None:
        await stop.wait()
        server.should_exit = True

    waiting = asyncio.create_task(wait())
    try:
        await server.serve(sockets=[listener])
    finally:
        stop.set()
        waiting.cancel()


def listen(host: str, port: int) -> socket.socket:
    """Return a socket listening on an address; CommandFailed if somebody else does."""
    try:
        return _bound(host, port)
    except OSError as error:
        raise CommandFailed(
            f"cannot listen on {host}, port {port}: {error.strerror or error}",
            "choose another with --host or --port (0 takes any free port)",
        ) from error


def listen_from(host: str, port: int) -> socket.socket:
    """Return a socket listening on the first free port from one on; CommandFailed if none is."""
    for candidate in range(port, min(port + PORTS_TRIED_MAX, 65_536)):
        try:
            return _bound(host, candidate)
        except OSError:
            continue
    raise CommandFailed(f"no port from {port} on is free", "choose another with --port")


def url_of(listener: socket.socket) -> str:
    """Return where a listening socket is reached from this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - read, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """Give an event that Ctrl-C and SIGTERM set; a second Ctrl-C interrupts at once."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def stopping() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    loop.add_signal_handler(signal.SIGINT, stopping)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    try:
        yield stop
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)


def _bound(host: str, port: int) -> socket.socket:
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = infos[0]
    listener = socket.create_server((str(address[0]), port), family=family, backlog=BACKLOG)
    # Accepted sockets say of themselves what this one says, and only on those that say they are
    # TCP does asyncio switch off Nagle's delay: without it each answer takes 40 ms longer.
    return socket.socket(family, listener.type, socket.IPPROTO_TCP, fileno=listener.detach())
