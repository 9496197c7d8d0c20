"""`aftersales listen`: a shop's events posted, signed, to a URL of a developer's own machine."""

import shlex
from typing import Annotated

import typer

from app.cli.console import err, run
from app.cli.errors import CommandFailed
from app.cli.listen_session import ListenSession
from app.cli.listening import stop_on_signals
from app.cli.options import LOCAL, Url, base_url
from app.reactions.public_types import EventType
from app.webhooks.secrets import SecretRefused, SigningSecret, new_shared_secret, parse_secret

LATEST, FIRST = "latest", "first"

Key = Annotated[
    str,
    typer.Option(
        envvar="AFTERSALES_API_KEY",
        help="A key of the shop, or the platform's; better in the variable than on the line.",
    ),
]


def listen_to_shop(
    shop: Annotated[str, typer.Option(help="The shop whose events to receive.")],
    forward_to: Annotated[
        str, typer.Option(parser=base_url, metavar="URL", help="Where to post each event.")
    ],
    *,
    key: Key,
    url: Url = LOCAL,
    types: Annotated[
        list[EventType] | None,
        typer.Option(metavar="TYPE", help="Only these types; repeat it for several."),
    ] = None,
    after: Annotated[
        str,
        typer.Option(
            metavar="CURSOR",
            help="Where to begin: latest (what comes from now on), first (everything there ever "
            "was), or the cursor an earlier run ended with.",
        ),
    ] = LATEST,
    secret: Annotated[
        str | None,
        typer.Option(
            envvar="AFTERSALES_LISTEN_SECRET",
            help="A whsec_ or whsk_ to sign with [default: a new one, which is shown].",
        ),
    ] = None,
) -> None:
    """Receive a shop's events through the feed and post them, signed, to a local URL.

    Each is signed as webhooks are (Standard Webhooks) and shown with the answer and how long it
    took. An event that is not taken is not sent again. Ctrl-C ends it and shows where to go on.

    Example: aftersales listen --shop shop-1 --forward-to http://127.0.0.1:3000/webhooks

    Example: aftersales listen --shop shop-1 --forward-to http://127.0.0.1:3000 --types
    ticket.created --after first
    """
    text = secret or new_shared_secret()
    session = ListenSession(
        shop=shop,
        service_url=url,
        key=key,
        forward_to=forward_to,
        types=tuple(types or ()),
        secret=_parsed(text),
        cursor=None if after == FIRST else after,
    )
    if secret is None:
        err.print(f"Signing secret: {text}", markup=False, soft_wrap=True)
    err.print(f"Events of {shop} are posted to {forward_to}; Ctrl-C ends it.", soft_wrap=True)
    try:
        run(_listen(session))
    finally:
        if session.cursor not in {None, LATEST}:
            again = ["--shop", shop, "--forward-to", forward_to, "--after", str(session.cursor)]
            err.print(f"To go on: aftersales listen {shlex.join(again)}", soft_wrap=True)


def _parsed(secret: str) -> SigningSecret:
    try:
        return parse_secret(secret)
    except SecretRefused as refused:
        raise CommandFailed.wrong_use(
            f"this is no signing secret ({refused.fault.value})",
            "pass a whsec_ or a whsk_, or leave it out for a new one",
        ) from refused


async def _listen(session: ListenSession) -> None:
    with stop_on_signals() as stop:
        await session.run(stop)
