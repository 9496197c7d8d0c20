"""`aftersales keys`: API keys. A key is shown once, when it is made."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from app.access.authentication import LIFETIME_MAX, consumer_token_keys, sign_consumer_token
from app.access.keys import (
    ApiKey,
    KeyNotFound,
    ScopeNotOfRole,
    create_key,
    end_key,
    list_keys,
    rotate_key,
)
from app.access.scopes import Scope
from app.cli.console import CommandFailed, duration, err, minute, show_table
from app.cli.context import on_database, quietly, read_settings
from app.event_store.recorded_event import Role

keys = typer.Typer(no_args_is_help=True, help="Make, list, rotate and revoke API keys.")


class KeyRole(StrEnum):
    """The role a key is for."""

    MERCHANT = "merchant"
    PLATFORM = "platform"


ShopOption = Annotated[str | None, typer.Option("--shop", help="The shop's id.")]


@keys.command()
def create(
    role: Annotated[KeyRole, typer.Argument(help="The role the key is for.")],
    name: Annotated[str, typer.Option(help="A name to recognize the key by.")],
    shop: ShopOption = None,
    scope: Annotated[
        list[Scope] | None,
        typer.Option(help="A scope of the key; without it, all scopes of its role."),
    ] = None,
    expires: Annotated[
        timedelta | None,
        typer.Option(parser=duration, metavar="DURATION", help="How long it is valid, e.g. 90d."),
    ] = None,
) -> None:
    """Make a key and print it; it is not shown again.

    Example: aftersales keys create merchant --shop shop-1001 --name "order desk" --expires 90d
    """
    if (role is KeyRole.MERCHANT) != (shop is not None):
        raise CommandFailed.wrong_use(
            "a merchant's key names its shop, a platform's key none",
            "add --shop for a merchant, leave it out for the platform",
        )
    ends = None if expires is None else datetime.now(UTC) + expires
    try:
        key = on_database(
            lambda resources: create_key(
                resources.pool,
                role=Role(role.value),
                shop_id=shop,
                name=name,
                scopes=scope or None,
                expires_at=ends,
            )
        )
    except ScopeNotOfRole as error:
        raise CommandFailed.wrong_use(str(error), "choose other scopes") from error
    _show_once(key)


@keys.command("list")
def list_(shop: ShopOption = None) -> None:
    """List a shop's keys, or the platform's, newest first; never the keys themselves.

    Example: aftersales keys list --shop shop-1001
    """
    show_table(
        ("id", "role", "shop", "name", "scopes", "created", "last used", "ends"),
        [
            (
                key.key_id,
                key.role.value,
                key.shop_id or "-",
                key.name,
                " ".join(sorted(key.scopes)),
                minute(key.created_at),
                minute(key.last_used_at),
                _end(key),
            )
            for key in on_database(lambda resources: list_keys(resources.pool, shop))
        ],
    )


@keys.command()
def rotate(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.")],
    overlap: Annotated[
        timedelta,
        typer.Option(parser=duration, metavar="DURATION", help="How long the old key still works."),
    ] = "24h",  # type: ignore[assignment]  # typer gives a default to the parser as well
) -> None:
    """Replace a key by a new one with the same rights, and print it; it is not shown again.

    Example: aftersales keys rotate 1f0123456789abcdef --overlap 1h
    """
    ends = datetime.now(UTC) + overlap
    with _refusing_unknown(key_id):
        _show_once(on_database(lambda resources: rotate_key(resources.pool, key_id, ends)))


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.")],
) -> None:
    """End a key now; running services follow within seconds.

    Example: aftersales keys revoke 1f0123456789abcdef
    """
    now = datetime.now(UTC)
    with _refusing_unknown(key_id):
        on_database(lambda resources: end_key(resources.pool, key_id, now))
    err.print(f"Key {key_id} is revoked; running services follow within seconds.")


@keys.command("consumer-token")
def consumer_token(
    buyer: Annotated[str, typer.Argument(help="The buyer the token identifies.")],
    shop: ShopOption = None,
    life: Annotated[
        timedelta,
        typer.Option(parser=duration, metavar="DURATION", help="How long it is valid, at most 1h."),
    ] = "1h",  # type: ignore[assignment]
) -> None:
    """Sign a token for a buyer, for trying the service out.

    It is signed with AFTERSALES_CONSUMER_TOKEN_SECRET, or with the secret kept beside the
    embedded database. In production the consumers' application signs its tokens.

    Example: aftersales keys consumer-token buyer-2001 --shop shop-1001 --life 10m
    """
    accepted = consumer_token_keys(quietly(read_settings()))
    if accepted.secret is None:
        raise CommandFailed.wrong_use(
            "there is no secret to sign with", "set AFTERSALES_CONSUMER_TOKEN_SECRET"
        )
    if not timedelta(0) < life <= LIFETIME_MAX:
        raise CommandFailed.wrong_use("a token is valid for at most an hour", "shorten --life")
    now = datetime.now(UTC)
    typer.echo(sign_consumer_token(accepted, buyer_id=buyer, shop_id=shop, now=now, life=life))


def _show_once(key: str) -> None:
    typer.echo(key)
    err.print("This key is shown once and stored as a hash: keep it now.", style="yellow")


@contextmanager
def _refusing_unknown(key_id: str) -> Iterator[None]:
    try:
        yield
    except KeyNotFound as error:
        raise CommandFailed.wrong_use(
            f"no key has the id {key_id}", "find it with: aftersales keys list --shop SHOP"
        ) from error


def _end(key: ApiKey) -> str:
    ends = [at for at in (key.revoked_at, key.expires_at) if at is not None]
    return minute(min(ends, default=None))
