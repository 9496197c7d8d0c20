"""The sandbox as a process of its own, quick to start, to be killed.

python -m tests.payments.provider.sandbox_process PORT STORE serves, and prints its URL.
"""

import asyncio
import socket
import sys
from datetime import timedelta
from pathlib import Path

import uvicorn

from app.clock import SystemClock
from tools.sandboxes.payment_provider.server import SandboxOptions, create_sandbox

SECRET = "the bearer secret of the tests"
CALLBACK_SECRET = "the callback secret of the tests"
SLOW = timedelta(seconds=0.15)


class Announcing(uvicorn.Server):
    """Says where it serves, once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving."""
        await super().startup(sockets)
        for listening in sockets or ():
            sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}\n")
            sys.stdout.flush()


def main(port: str, store: str) -> None:
    """Serve until killed."""
    options = SandboxOptions(
        store=Path(store), secret=SECRET, callback_secrets=[CALLBACK_SECRET], slow=SLOW
    )
    listening = socket.create_server(("127.0.0.1", int(port)), backlog=512)
    app = create_sandbox(options, SystemClock(), asyncio.Event())
    config = uvicorn.Config(app, log_level="critical", lifespan="on")
    Announcing(config).run(sockets=[listening])


if __name__ == "__main__":
    main(*sys.argv[1:])
