"""`aftersales keys`: who may call the service. A key is shown once, when it is made."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer

from app.access.consumer_tokens import LIFETIME_MAX, sign_consumer_token
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
from app.cli.console import err, run, show_table
from app.cli.context import quietly, read_settings, ready_resources
from app.cli.errors import CommandFailed
from app.cli.options import duration
from app.container import consumer_token_keys
from app.event_store.recorded_event import Role

keys = typer.Typer(no_args_is_help=True, help="Make, list, rotate and revoke API keys.")


class KeyRole(StrEnum):
    """Who a key is for."""

    MERCHANT = "merchant"
    PLATFORM = "platform"


ShopOption = Annotated[str | None, typer.Option("--shop", help="The shop's id.")]


@keys.command()
def create(
    role: Annotated[KeyRole, typer.Argument(help="Whom the key is for.")],
    name: Annotated[str, typer.Option(help="What the key is for, to know it again by.")],
    shop: ShopOption = None,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What it may do; all its role may, if not given.")
    ] = None,
    expires: Annotated[
        timedelta | None,
        typer.Option(parser=duration, metavar="DURATION", help="After how long it ends: 90d."),
    ] = None,
) -> None:
    """Make a key and print it, for the only time.

    Example: aftersales keys create merchant --shop shop-1001 --name "order desk" --expires 90d
    """
    if (role is KeyRole.MERCHANT) != (shop is not None):
        raise CommandFailed.wrong_use(
            "a merchant's key names its shop, a platform's key none",
            "add --shop for a merchant, leave it out for the platform",
        )
    ends = None if expires is None else datetime.now(UTC) + expires
    try:
        key = run(_create(Role(role.value), shop, name, scope, ends))
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
                _minute(key.created_at),
                _minute(key.last_used_at),
                _end(key),
            )
            for key in run(_list(shop))
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
    """Replace a key by a new one with the same rights, and print it, for the only time.

    Example: aftersales keys rotate 1f0123456789abcdef --overlap 1h
    """
    _show_once(run(_rotate(key_id, datetime.now(UTC) + overlap)))


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `keys list` shows it.")],
) -> None:
    """End a key now; running services follow within seconds.

    Example: aftersales keys revoke 1f0123456789abcdef
    """
    run(_revoke(key_id))
    err.print(f"Key {key_id} is revoked; services that keep it for seconds follow.")


@keys.command("consumer-token")
def consumer_token(
    buyer: Annotated[str, typer.Argument(help="The buyer the token speaks for.")],
    shop: ShopOption = None,
    life: Annotated[
        timedelta,
        typer.Option(parser=duration, metavar="DURATION", help="How long it works, up to 1h."),
    ] = "1h",  # type: ignore[assignment]
) -> None:
    """Sign a token for a buyer, for trying the service out.

    It is signed with AFTERSALES_CONSUMER_TOKEN_SECRET, or with the secret kept beside the
    embedded database. In earnest the consumers' own application signs its tokens.

    Example: aftersales keys consumer-token buyer-2001 --shop shop-1001 --life 10m
    """
    accepted = consumer_token_keys(quietly(read_settings()))
    if accepted.secret is None:
        raise CommandFailed.wrong_use(
            "there is no secret to sign with", "set AFTERSALES_CONSUMER_TOKEN_SECRET"
        )
    if not timedelta(0) < life <= LIFETIME_MAX:
        raise CommandFailed.wrong_use("a token lives up to an hour", "shorten --life")
    now = datetime.now(UTC)
    typer.echo(sign_consumer_token(accepted, buyer_id=buyer, shop_id=shop, now=now, life=life))


async def _create(
    role: Role,
    shop_id: str | None,
    name: str,
    scopes: Sequence[Scope] | None,
    expires_at: datetime | None,
) -> str:
    async with ready_resources() as resources:
        return await create_key(
            resources.pool,
            role=role,
            shop_id=shop_id,
            name=name,
            scopes=scopes or None,
            expires_at=expires_at,
        )


async def _list(shop_id: str | None) -> list[ApiKey]:
    async with ready_resources() as resources:
        return await list_keys(resources.pool, shop_id)


async def _rotate(key_id: str, old_valid_until: datetime) -> str:
    async with ready_resources() as resources:
        try:
            return await rotate_key(resources.pool, key_id, old_valid_until)
        except KeyNotFound as error:
            raise _no_key(key_id) from error


async def _revoke(key_id: str) -> None:
    async with ready_resources() as resources:
        try:
            await end_key(resources.pool, key_id, datetime.now(UTC))
        except KeyNotFound as error:
            raise _no_key(key_id) from error


def _show_once(key: str) -> None:
    typer.echo(key)
    err.print("This key is shown once and stored as a hash: keep it now.", style="yellow")


def _no_key(key_id: str) -> CommandFailed:
    return CommandFailed.wrong_use(
        f"no key has the id {key_id}", "find it with: aftersales keys list --shop SHOP"
    )


def _minute(instant: datetime | None) -> str:
    return "-" if instant is None else f"{instant:%Y-%m-%d %H:%M}Z"


def _end(key: ApiKey) -> str:
    ends = [at for at in (key.revoked_at, key.expires_at) if at is not None]
    return _minute(min(ends, default=None))
