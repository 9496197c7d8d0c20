"""The API process under measurement: the service's application and the bare routes.

Takes settings from the environment and says on standard output which port it listens on.
"""

import asyncio
import socket
import sys

import uvloop

from app.cli.listening import collect_seldom, make_server
from app.logs import configure_logs
from app.main import build_app
from app.settings import Settings
from tools.bench.bare_routes import add_bare_routes


async def serve() -> None:
    """Serve until terminated, as `aftersales serve` does."""
    settings = Settings()
    configure_logs(settings)
    app = build_app(settings)
    add_bare_routes(app)
    collect_seldom()
    with socket.create_server(("127.0.0.1", 0), backlog=2_048) as listener:
        server = make_server(app)
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        await server.serve(sockets=[listener])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
