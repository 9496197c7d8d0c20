"""Where claimed deliveries go: the endpoints as they are now, with what is sealed of them open."""

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

# The attempts of all processes take turns; the instants are the database's, for all of them.
TAKE_TURNS = """
INSERT INTO after_sales.webhook_paces AS p (partition_id, endpoint_id, next_at)
VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3::double precision))
ON CONFLICT (partition_id, endpoint_id) DO UPDATE
SET next_at = greatest(p.next_at, clock_timestamp()) + make_interval(secs => $3::double precision)
RETURNING extract(epoch FROM p.next_at - clock_timestamp())::double precision AS wait_seconds
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTarget:
    """An endpoint as it is sent to. ``shop_id``: None if it is the platform's.

    ``include`` is of the same version as ``url``: nobody gets what was meant for an address before.
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
    """Endpoints, opened once for each of their versions."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._known: dict[UUID, DeliveryTarget] = {}

    async def fetch(
        self, database: Queryable, queues: Collection[Queue]
    ) -> dict[UUID, DeliveryTarget]:
        """Return the endpoints of queues by id, as far as they are there; UnreadableSeal."""
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
    """Return what is sent of a queued body: personal data only if it is still asked for.

    What was queued without stays without.
    """
    return body if Inclusion.PERSONAL_DATA in include else without_personal(body)


async def take_turns(
    database: Queryable, home: int, endpoint_id: UUID, rate_per_second: int, turns: int
) -> list[float]:
    """Return in how many seconds each of the next attempts may begin, for an endpoint with a cap.

    ``home``: the one partition that the turns of an endpoint are kept in.
    """
    step = 1 / rate_per_second
    row = await database.fetchrow(TAKE_TURNS, home, endpoint_id, turns * step)
    assert row is not None  # noqa: S101 - an upsert without a condition
    first = row["wait_seconds"] - turns * step
    return [max(first + turn * step, 0.0) for turn in range(turns)]
