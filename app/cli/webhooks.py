"""`aftersales webhooks`: endpoints of a shop or of the platform, how they do, and mending that."""

from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer

from app.cli.console import err, run, show_table
from app.cli.context import ready_resources
from app.cli.errors import CommandFailed
from app.cli.options import duration
from app.cli.webhooks_session import EndpointIsDisabled, OperatorsWebhooks, SealingKeyMissing
from app.webhooks.deliveries.latency import latency_at
from app.webhooks.deliveries.reading import EndpointHealth
from app.webhooks.endpoints.endpoint import Endpoint, Owner
from app.webhooks.endpoints.service import EndpointNotFound

T = TypeVar("T")

webhooks = typer.Typer(
    no_args_is_help=True,
    help="List webhook endpoints, see how they do, disable, enable, recover and test them.",
)

Shop = Annotated[str | None, typer.Option("--shop", help="The shop whose endpoints are meant.")]
Platform = Annotated[bool, typer.Option("--platform", help="The platform's endpoints are meant.")]
EndpointId = Annotated[
    UUID, typer.Argument(metavar="ENDPOINT", help="Its id, as `webhooks list` shows it.")
]


@webhooks.command("list")
def list_(shop: Shop = None, *, platform: Platform = False) -> None:
    """List endpoints, the first made first: where each goes, what of, and whether it is told.

    Example: aftersales webhooks list --shop shop-1001

    Example: aftersales webhooks list --platform
    """
    endpoints = _run(_owner(shop, platform=platform), lambda own: own.endpoints())
    columns = ("id", "url", "types", "ordered", "state", "since")
    show_table(columns, map(_endpoint_row, endpoints))


@webhooks.command()
def health(
    endpoint: Annotated[UUID | None, typer.Argument(help="Only this one.")] = None,
    shop: Shop = None,
    *,
    platform: Platform = False,
) -> None:
    """Show what waits for endpoints, how attempts went, and since when none succeeds.

    Latencies are upper bounds of the buckets they are counted in.

    Example: aftersales webhooks health --shop shop-1001
    """
    found = _run(_owner(shop, platform=platform), lambda own: own.health(endpoint))
    columns = (
        *("id", "state", "pending", "oldest pending", "delivered", "given up", "failed attempts"),
        *("p50 ms", "p99 ms", "last success", "failing since"),
    )
    show_table(columns, [_health_row(one, how) for one, how in found])


@webhooks.command()
def disable(endpoint: EndpointId, shop: Shop = None, *, platform: Platform = False) -> None:
    """Send an endpoint nothing from now on; what is queued for it stays.

    Example: aftersales webhooks disable 01980a5c-1111-7abc-8def-0123456789ab --shop shop-1001
    """
    _run(_owner(shop, platform=platform), lambda own: own.disable(endpoint))
    err.print(f"Endpoint {endpoint} is disabled.")


@webhooks.command()
def enable(endpoint: EndpointId, shop: Shop = None, *, platform: Platform = False) -> None:
    """Send an endpoint what is queued for it, and what happens from now on.

    What happened while it was disabled was not queued; the API's replay sends it.

    Example: aftersales webhooks enable 01980a5c-1111-7abc-8def-0123456789ab --platform
    """
    _run(_owner(shop, platform=platform), lambda own: own.enable(endpoint))
    err.print(f"Endpoint {endpoint} is enabled.")


@webhooks.command()
def recover(
    endpoint: EndpointId,
    since: Annotated[
        timedelta,
        typer.Option(parser=duration, metavar="DURATION", help="How far back: 6h, 3d."),
    ],
    shop: Shop = None,
    *,
    platform: Platform = False,
) -> None:
    """Send everything again that was given up, and print how much that is.

    Example: aftersales webhooks recover 01980a5c-1111-7abc-8def-0123456789ab --since 3d --shop s-1
    """
    recovered, complete = _run(
        _owner(shop, platform=platform), lambda own: own.recover(endpoint, since)
    )
    typer.echo(recovered)
    if not complete:
        err.print("There is more: run it again.")


@webhooks.command()
def test(endpoint: EndpointId, shop: Shop = None, *, platform: Platform = False) -> None:
    """Queue a `webhook.test` for an endpoint and print its delivery's id, the `webhook-id`.

    Example: aftersales webhooks test 01980a5c-1111-7abc-8def-0123456789ab --shop shop-1001
    """
    typer.echo(_run(_owner(shop, platform=platform), lambda own: own.test(endpoint)))
    err.print("A worker sends it; `aftersales webhooks health` shows how it went.")


def _owner(shop: str | None, *, platform: bool) -> Owner:
    if platform == (shop is not None):
        raise CommandFailed.wrong_use(
            "endpoints are a shop's or the platform's", "add either --shop SHOP or --platform"
        )
    return Owner(shop)


def _run(owner: Owner, work: Callable[[OperatorsWebhooks], Coroutine[Any, Any, T]]) -> T:
    """Do something with an owner's endpoints; refusals say what to do."""
    whose = "--platform" if owner.shop_id is None else f"--shop {owner.shop_id}"
    try:
        return run(_work(owner, work))
    except EndpointNotFound as error:
        raise CommandFailed.wrong_use(
            "there is no such endpoint", f"run: aftersales webhooks list {whose}"
        ) from error
    except EndpointIsDisabled as error:
        raise CommandFailed(
            f"the endpoint is disabled ({error.reason.value}), and nothing is sent to it",
            f"run: aftersales webhooks enable {error.endpoint_id} {whose}",
        ) from error
    except SealingKeyMissing as error:
        raise CommandFailed.wrong_use(
            "the secrets of endpoints cannot be kept without a key",
            "set AFTERSALES_SEALING_KEY to the one the service runs with",
        ) from error


async def _work(owner: Owner, work: Callable[[OperatorsWebhooks], Coroutine[Any, Any, T]]) -> T:
    async with ready_resources() as resources:
        return await work(OperatorsWebhooks(resources=resources, owner=owner))


def _endpoint_row(endpoint: Endpoint) -> tuple[str, ...]:
    types = "all" if endpoint.event_types is None else " ".join(endpoint.event_types)
    since = endpoint.created_at if endpoint.disabled is None else endpoint.disabled.at
    return (
        *(str(endpoint.endpoint_id), endpoint.url, types, "yes" if endpoint.ordered else "no"),
        *(_state(endpoint), _minute(since)),
    )


def _health_row(endpoint: Endpoint, how: EndpointHealth) -> tuple[str, ...]:
    return (
        *(str(endpoint.endpoint_id), _state(endpoint)),
        *(str(how.pending), _minute(how.oldest_pending_at), str(how.delivered)),
        *(str(how.given_up), str(how.attempts_failed), *_latencies(how)),
        *(_minute(how.last_success_at), _minute(how.failing_since)),
    )


def _latencies(how: EndpointHealth) -> Iterator[str]:
    for quantile in (0.5, 0.99):
        latency_ms = latency_at(quantile, how.latency_counts)
        yield "-" if latency_ms is None else str(latency_ms)


def _state(endpoint: Endpoint) -> str:
    disabled = endpoint.disabled
    return "enabled" if disabled is None else f"disabled: {disabled.reason.value}"


def _minute(at: datetime | None) -> str:
    return "-" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%MZ}"
