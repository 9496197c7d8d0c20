"""What an operator does with an owner's webhook endpoints, on the database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7

from app.domain.webhook_endpoints import DisabledReason
from app.event_store.recorded_event import Actor, Role
from app.resources import Resources
from app.sealing import seal_with
from app.shop_clocks.reading import ShopClocks
from app.webhooks.deliveries.endpoint_notices import send_test
from app.webhooks.deliveries.reading import EndpointHealth, fetch_health
from app.webhooks.deliveries.requeueing import recover
from app.webhooks.endpoints.endpoint import Endpoint, Owner
from app.webhooks.endpoints.queries import fetch_endpoint, list_endpoints
from app.webhooks.endpoints.service import BEFORE_ALL, ENDPOINTS_MAX, Change, EndpointNotFound

OPERATOR = Actor(role=Role.PLATFORM, id="operator")
"""Who an endpoint's history names: whoever has the database, and no key of the API."""


LOOKED_BACK_MAX = timedelta(days=3_650)
"""Nothing is kept for so long."""


class SealingKeyMissing(Exception):
    """There is no key to open and keep secrets with."""


class EndpointIsDisabled(Exception):
    """Nothing is sent to the endpoint, so nothing is queued for it."""

    def __init__(self, endpoint_id: UUID, reason: DisabledReason) -> None:
        super().__init__(f"endpoint {endpoint_id} is disabled: {reason.value}")
        self.endpoint_id = endpoint_id
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorsWebhooks:
    """An owner's endpoints. All that names one raises EndpointNotFound."""

    resources: Resources
    owner: Owner

    async def endpoints(self) -> Sequence[Endpoint]:
        """Return them all, the first made first."""
        pool = self.resources.pool
        return await list_endpoints(pool, self.owner, after=BEFORE_ALL, limit=ENDPOINTS_MAX)

    async def health(self, endpoint_id: UUID | None) -> list[tuple[Endpoint, EndpointHealth]]:
        """Return how one of them does, or all."""
        own = await self.endpoints() if endpoint_id is None else [await self._found(endpoint_id)]
        pool, partitions = self.resources.pool, self.owner.partitions
        return [(one, await fetch_health(pool, one.endpoint_id, partitions)) for one in own]

    async def disable(self, endpoint_id: UUID) -> Endpoint:
        """Disable it as its owner would; SealingKeyMissing."""
        async with self._changing() as change:
            return await change.disable(endpoint_id, DisabledReason.BY_OWNER)

    async def enable(self, endpoint_id: UUID) -> Endpoint:
        """Enable it; SealingKeyMissing."""
        async with self._changing() as change:
            return await change.enable(endpoint_id)

    async def recover(self, endpoint_id: UUID, since: timedelta) -> tuple[int, bool]:
        """Queue again what was given up; return how much, and if it is all. EndpointIsDisabled."""
        endpoint, (now, _) = await self._enabled(endpoint_id), await self._present()
        return await recover(
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
        """Return when it is for the owner, and whether a test clock says so."""
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
