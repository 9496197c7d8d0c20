"""`aftersales webhooks`: list, check, disable, enable, recover and test webhook endpoints."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from uuid_utils.compat import uuid7

from app.cli.console import CommandFailed, duration, err, minute, show_table
from app.cli.context import on_database
from app.domain.webhook_endpoints import DisabledReason
from app.event_store.recorded_event import Actor, Role
from app.resources import Resources
from app.sealing import seal_with
from app.shop_clocks.clocks import ShopClocks
from app.webhooks.deliveries.endpoint_notices import send_test
from app.webhooks.deliveries.reading import EndpointHealth, fetch_health
from app.webhooks.deliveries.resending import recover as recover_deliveries
from app.webhooks.deliveries.tables import latency_at
from app.webhooks.endpoints.endpoint import Endpoint, Owner
from app.webhooks.endpoints.queries import fetch_endpoint, list_endpoints
from app.webhooks.endpoints.service import BEFORE_ALL, ENDPOINTS_MAX, Change, EndpointNotFound

OPERATOR = Actor(role=Role.PLATFORM, id="operator")
"""The actor in an endpoint's history: an operator with access to the database, without a key."""


LOOKED_BACK_MAX = timedelta(days=3_650)
"""Longer than deliveries are kept."""


class SealingKeyMissing(Exception):
    """No sealing key is set, so secrets can be neither read nor stored."""


class EndpointIsDisabled(Exception):
    """Nothing is sent to the endpoint, so nothing is queued for it."""

    def __init__(self, endpoint_id: UUID, reason: DisabledReason) -> None:
        super().__init__(f"endpoint {endpoint_id} is disabled: {reason.value}")
        self.endpoint_id = endpoint_id
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorsWebhooks:
    """Operations on an owner's endpoints. Those on one endpoint raise EndpointNotFound."""

    resources: Resources
    owner: Owner

    async def endpoints(self) -> Sequence[Endpoint]:
        """Return them all, oldest first."""
        pool = self.resources.pool
        return await list_endpoints(pool, self.owner, after=BEFORE_ALL, limit=ENDPOINTS_MAX)

    async def health(self, endpoint_id: UUID | None) -> list[tuple[Endpoint, EndpointHealth]]:
        """Return the health of one endpoint, or of all."""
        own = await self.endpoints() if endpoint_id is None else [await self._found(endpoint_id)]
        pool, partitions = self.resources.pool, self.owner.partitions
        return [(one, await fetch_health(pool, one.endpoint_id, partitions)) for one in own]

    async def disable(self, endpoint_id: UUID) -> Endpoint:
        """Disable it with the reason of an owner; SealingKeyMissing."""
        async with self._changing() as change:
            return await change.disable(endpoint_id, DisabledReason.BY_OWNER)

    async def enable(self, endpoint_id: UUID) -> Endpoint:
        """Enable it; SealingKeyMissing."""
        async with self._changing() as change:
            return await change.enable(endpoint_id)

    async def recover(self, endpoint_id: UUID, since: timedelta) -> tuple[int, bool]:
        """Queue again what was given up: how many, and whether all. EndpointIsDisabled."""
        endpoint, (now, _) = await self._enabled(endpoint_id), await self._present()
        return await recover_deliveries(
            self.resources.pool,
            endpoint_id,
            self.owner.partitions,
            since=now - min(since, LOOKED_BACK_MAX),
            now=now,
            ordered=endpoint.ordered,
        )

    async def test(self, endpoint_id: UUID) -> UUID:
        """Queue a test and return its delivery's id; EndpointIsDisabled."""
        endpoint, (now, test_mode) = await self._enabled(endpoint_id), await self._present()
        async with self.resources.pool.acquire() as connection, connection.transaction():
            return await send_test(connection, endpoint, now, test_mode=test_mode)

    async def _found(self, endpoint_id: UUID) -> Endpoint:
        endpoint = await fetch_endpoint(self.resources.pool, self.owner, endpoint_id)
        if endpoint is None:
            raise EndpointNotFound
        return endpoint

    async def _enabled(self, endpoint_id: UUID) -> Endpoint:
        endpoint = await self._found(endpoint_id)
        if endpoint.disabled is not None:
            raise EndpointIsDisabled(endpoint_id, endpoint.disabled.reason)
        return endpoint

    async def _present(self) -> tuple[datetime, bool]:
        """Return the owner's present, and whether it is a test clock's."""
        shop_id, clock = self.owner.shop_id, self.resources.clock
        if shop_id is None:
            return clock.now(), False
        test_now = await ShopClocks(self.resources.pool, clock).test_now(shop_id)
        return test_now or clock.now(), test_now is not None

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[Change]:
        seal = seal_with(self.resources.settings.sealing_key)
        if seal is None:
            raise SealingKeyMissing
        now, test_mode = await self._present()
        async with self.resources.pool.acquire() as connection, connection.transaction():
            yield Change(
                connection=connection,
                seal=seal,
                owner=self.owner,
                actor=OPERATOR,
                at=now,
                test_mode=test_mode,
                correlation_id=str(uuid7()),
            )


T = TypeVar("T")

webhooks = typer.Typer(
    no_args_is_help=True, help="List, check, disable, enable, recover and test webhook endpoints."
)

Shop = Annotated[str | None, typer.Option("--shop", help="Endpoints of this shop.")]
Platform = Annotated[bool, typer.Option("--platform", help="Endpoints of the platform.")]
EndpointId = Annotated[
    UUID, typer.Argument(metavar="ENDPOINT", help="Its id, as `webhooks list` shows it.")
]


@webhooks.command("list")
def list_(shop: Shop = None, *, platform: Platform = False) -> None:
    """List endpoints, oldest first: URL, event types, order and state.

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
    """Show pending deliveries, results of attempts, and since when an endpoint fails.

    Latencies are upper bounds of histogram buckets.

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
    """Send nothing to an endpoint from now on; queued deliveries stay queued.

    Example: aftersales webhooks disable 01980a5c-1111-7abc-8def-0123456789ab --shop shop-1001
    """
    _run(_owner(shop, platform=platform), lambda own: own.disable(endpoint))
    err.print(f"Endpoint {endpoint} is disabled.")


@webhooks.command()
def enable(endpoint: EndpointId, shop: Shop = None, *, platform: Platform = False) -> None:
    """Send queued deliveries and new events to an endpoint again.

    Events of the time while it was disabled were not queued; a replay by the API sends them.

    Example: aftersales webhooks enable 01980a5c-1111-7abc-8def-0123456789ab --platform
    """
    _run(_owner(shop, platform=platform), lambda own: own.enable(endpoint))
    err.print(f"Endpoint {endpoint} is enabled.")


@webhooks.command()
def recover(
    endpoint: EndpointId,
    since: Annotated[
        timedelta, typer.Option(parser=duration, metavar="DURATION", help="How far back: 6h, 3d.")
    ],
    shop: Shop = None,
    *,
    platform: Platform = False,
) -> None:
    """Queue again the deliveries that were given up, and print their number.

    Example: aftersales webhooks recover 01980a5c-1111-7abc-8def-0123456789ab --since 3d --shop s-1
    """
    recovered, complete = _run(
        _owner(shop, platform=platform), lambda own: own.recover(endpoint, since)
    )
    typer.echo(recovered)
    if not complete:
        err.print("There are more: run it again.")


@webhooks.command()
def test(endpoint: EndpointId, shop: Shop = None, *, platform: Platform = False) -> None:
    """Queue a `webhook.test` for an endpoint and print its delivery's id, the `webhook-id`.

    Example: aftersales webhooks test 01980a5c-1111-7abc-8def-0123456789ab --shop shop-1001
    """
    typer.echo(_run(_owner(shop, platform=platform), lambda own: own.test(endpoint)))
    err.print("A worker sends it; `aftersales webhooks health` shows the result.")


def _owner(shop: str | None, *, platform: bool) -> Owner:
    if platform == (shop is not None):
        raise CommandFailed.wrong_use(
            "endpoints are a shop's or the platform's", "add either --shop SHOP or --platform"
        )
    return Owner(shop)


def _run(owner: Owner, work: Callable[[OperatorsWebhooks], Coroutine[Any, Any, T]]) -> T:
    """Run an operation on an owner's endpoints; a refusal names the next step."""
    whose = "--platform" if owner.shop_id is None else f"--shop {owner.shop_id}"
    try:
        return on_database(lambda found: work(OperatorsWebhooks(resources=found, owner=owner)))
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


def _endpoint_row(endpoint: Endpoint) -> tuple[str, ...]:
    types = "all" if endpoint.event_types is None else " ".join(endpoint.event_types)
    since = endpoint.created_at if endpoint.disabled is None else endpoint.disabled.at
    return (
        *(str(endpoint.endpoint_id), endpoint.url, types, "yes" if endpoint.ordered else "no"),
        *(_state(endpoint), minute(since)),
    )


def _health_row(endpoint: Endpoint, how: EndpointHealth) -> tuple[str, ...]:
    return (
        *(str(endpoint.endpoint_id), _state(endpoint)),
        *(str(how.pending), minute(how.oldest_pending_at), str(how.delivered)),
        *(str(how.given_up), str(how.attempts_failed), *_latencies(how)),
        *(minute(how.last_success_at), minute(how.failing_since)),
    )


def _latencies(how: EndpointHealth) -> Iterator[str]:
    for quantile in (0.5, 0.99):
        latency_ms = latency_at(quantile, how.latency_counts)
        yield "-" if latency_ms is None else str(latency_ms)


def _state(endpoint: Endpoint) -> str:
    disabled = endpoint.disabled
    return "enabled" if disabled is None else f"disabled: {disabled.reason.value}"
