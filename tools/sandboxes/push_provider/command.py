"""`aftersales push-sandbox`: a push provider to try things out with."""

from typing import Annotated

import typer

from app.cli.console import err, run
from app.cli.context import quietly
from app.cli.listening import listen, make_server, serve_until, stop_on_signals, url_of
from app.settings import Settings
from tools.sandboxes.push_provider.server import create_push_sandbox


def push_sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65_535)
    ] = 8_100,
    slow_seconds: Annotated[
        float, typer.Option(help="How late the answer to a token `slow-...` is.", min=0)
    ] = 30.0,
) -> None:
    """Serve a push provider for testing, which sends nothing and shows what it received.

    GET /messages lists it. Tokens beginning with gone-, refused-, flaky-, busy- and slow- make it
    fail in these ways. With AFTERSALES_PUSH_SECRET set, it is asked for.

    Example: aftersales push-sandbox --port 8100
    """
    secret = quietly(Settings()).push_secret
    run(_serve(host, port, slow_seconds, None if secret is None else secret.get_secret_value()))


async def _serve(host: str, port: int, slow_seconds: float, secret: str | None) -> None:
    with stop_on_signals() as stop, listen(host, port) as listener:
        url = url_of(listener)
        err.print(f"Pushes are taken at {url}/messages", soft_wrap=True)
        err.print(f"Next: AFTERSALES_PUSH_URL={url}/messages aftersales serve", soft_wrap=True)
        sandbox = create_push_sandbox(secret, slow_seconds=slow_seconds)
        await serve_until(make_server(sandbox), listener, stop)
