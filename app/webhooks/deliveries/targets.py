"""The endpoints of claimed deliveries, with their secrets and headers unsealed."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from app.event_store.connections import Queryable
from app.projections.rows import columns_of
from app.sealing import Seal
from app.webhooks.catalog.payload import Inclusion
from app.webhooks.catalog.public_event import without_personal
from app.webhooks.deliveries.claims import Queue
from app.webhooks.endpoints.endpoint import EndpointSecrets, open_headers, open_secrets

CACHED_MAX = 1_000

FETCH_TARGETS = """
SELECT e.endpoint_id, e.shop_id, e.url, e.rate_per_second, e.version, e.include,
       e.headers_sealed, e.secrets_sealed
FROM after_sales.webhook_endpoints AS e
JOIN unnest($1::smallint[], $2::uuid[]) AS r(partition_id, endpoint_id)
  ON e.partition_id = r.partition_id AND e.endpoint_id = r.endpoint_id
WHERE e.partition_id = ANY ($1::smallint[])
"""

# The rate limit is for all processes together, so its instants are by the database's clock.
RESERVE_SLOTS = """
INSERT INTO after_sales.webhook_paces AS p (partition_id, endpoint_id, next_at)
VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3::double precision))
ON CONFLICT (partition_id, endpoint_id) DO UPDATE
SET next_at = greatest(p.next_at, clock_timestamp()) + make_interval(secs => $3::double precision)
RETURNING extract(epoch FROM p.next_at - clock_timestamp())::double precision AS wait_seconds
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTarget:
    """An endpoint to send to. ``shop_id``: None if it is the platform's.

    ``include`` has the same version as ``url``, so that a new URL never receives the parts that an
    old one included.
    """

    endpoint_id: UUID
    shop_id: str | None
    url: str
    rate_per_second: int | None
    version: int
    include: frozenset[str]
    headers: dict[str, str] = field(repr=False)
    secrets: EndpointSecrets = field(repr=False)


class Targets:
    """Unsealed endpoints, cached by version."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._known: dict[UUID, DeliveryTarget] = {}

    async def fetch(
        self, database: Queryable, queues: Collection[Queue]
    ) -> dict[UUID, DeliveryTarget]:
        """Return the existing endpoints of queues by id; UnreadableSeal."""
        rows = await database.fetch(FETCH_TARGETS, *columns_of(queues))
        return {row["endpoint_id"]: self._opened(row) for row in rows}

    def _opened(self, row: asyncpg.Record) -> DeliveryTarget:
        known = self._known.get(row["endpoint_id"])
        if known is not None and known.version == row["version"]:
            return known
        endpoint_id = row["endpoint_id"]
        target = DeliveryTarget(
            endpoint_id=endpoint_id,
            shop_id=row["shop_id"],
            url=row["url"],
            rate_per_second=row["rate_per_second"],
            version=row["version"],
            include=frozenset(row["include"]),
            headers=open_headers(self._seal, endpoint_id, row["headers_sealed"]),
            secrets=open_secrets(self._seal, endpoint_id, row["secrets_sealed"]),
        )
        if len(self._known) >= CACHED_MAX:
            self._known.clear()
        self._known[endpoint_id] = target
        return target


def body_for(include: Collection[str], body: str) -> str:
    """Return a queued body with personal data only if the endpoint still includes it.

    A body that was queued without it is unchanged.
    """
    return body if Inclusion.PERSONAL_DATA in include else without_personal(body)


async def reserve_slots(
    database: Queryable, home: int, endpoint_id: UUID, rate_per_second: int, attempts: int
) -> list[float]:
    """Return the seconds until each of the next attempts may begin, for a rate-limited endpoint.

    ``home``: the partition of the endpoint's row in `webhook_paces`.
    """
    step = 1 / rate_per_second
    row = await database.fetchrow(RESERVE_SLOTS, home, endpoint_id, attempts * step)
    assert row is not None  # noqa: S101 - an upsert without a condition
    first = row["wait_seconds"] - attempts * step
    return [max(first + place * step, 0.0) for place in range(attempts)]
