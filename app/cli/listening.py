"""Serving on a socket opened here, with a stop event instead of uvicorn's signal handlers."""

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
from app.cli.console import CommandFailed, LoopFactory

BACKLOG = 2_048
PORTS_TRIED_MAX = 100
SHUTDOWN_SECONDS_MAX = 10
COLLECTION_THRESHOLDS = (10_000, 20, 20)
KEEP_ALIVE_SECONDS = 75
"""Longer than clients and load balancers usually keep an idle connection (up to 60 s): if the
server closed first, a request could arrive on a connection that is just being closed."""


class Server(uvicorn.Server):
    """Installs no signal handlers, so that everything in the process is stopped in order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install no handlers; `serve_until` sets `should_exit`."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving; first end the live streams, which have no end otherwise."""
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
    """Return the factory of the fastest event loop available: uvloop's where it exists."""
    return auto_loop_factory()


def collect_seldom() -> None:
    """Exclude the objects loaded so far from garbage collection, and collect the rest less often.

    For a long-running process. Otherwise every collection of old objects scans all libraries, which
    costs a tenth of a request's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTION_THRESHOLDS)


async def serve_until(server: Server, listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve until ``stop`` is set, then finish open requests; a failed start sets ``stop``."""

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
    """Return a socket listening on an address; CommandFailed if it is in use."""
    try:
        return _bound(host, port)
    except OSError as error:
        raise CommandFailed(
            f"cannot listen on {host}, port {port}: {error.strerror or error}",
            "choose another with --host or --port (0 selects a free port)",
        ) from error


def listen_from(host: str, port: int) -> socket.socket:
    """Return a socket listening on the first free port from ``port`` on, or CommandFailed."""
    for candidate in range(port, min(port + PORTS_TRIED_MAX, 65_536)):
        try:
            return _bound(host, candidate)
        except OSError:
            continue
    raise CommandFailed(f"no port from {port} on is free", "choose another with --port")


def url_of(listener: socket.socket) -> str:
    """Return the URL of a listening socket on this machine."""
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
    # Accepted sockets inherit the protocol, and asyncio disables Nagle's algorithm only if that is
    # IPPROTO_TCP: otherwise each response takes 40 ms longer.
    return socket.socket(family, listener.type, socket.IPPROTO_TCP, fileno=listener.detach())
