"""Reading endpoints: one, a page of an owner's, and what was changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import from_json

from app.domain.webhook_endpoints import DisabledReason
from app.event_store.connections import Queryable
from app.event_store.recorded_event import Actor, Role
from app.webhooks.endpoints.endpoint import (
    ChangeKind,
    Disabled,
    Endpoint,
    Owner,
)

COLUMNS = """e.endpoint_id, e.shop_id, e.url, e.description, e.event_types, e.ordered,
       e.rate_per_second, e.include, e.api_version, e.header_names, e.public_key,
       e.former_secret_until, e.enabled, e.disabled_reason, e.disabled_at, e.version,
       e.created_at, e.changed_at"""

# `IS NOT DISTINCT FROM` finds no index, so the platform's are asked for in their own words.
FETCH_OF_SHOP = f"""
SELECT {COLUMNS} FROM after_sales.webhook_endpoints AS e
WHERE e.partition_id = $1 AND e.endpoint_id = $2 AND e.shop_id = $3
"""

FETCH_OF_PLATFORM = f"""
SELECT {COLUMNS} FROM after_sales.webhook_endpoints AS e
WHERE e.partition_id = $1 AND e.endpoint_id = $2 AND e.shop_id IS NULL
"""

LIST_OF_SHOP = f"""
SELECT {COLUMNS} FROM after_sales.webhook_endpoints AS e
WHERE e.partition_id = $1 AND e.shop_id = $2 AND (e.created_at, e.endpoint_id) > ($3, $4)
ORDER BY e.created_at, e.endpoint_id
LIMIT $5
"""

LIST_OF_PLATFORM = f"""
SELECT {COLUMNS} FROM after_sales.webhook_endpoints AS e
WHERE e.partition_id = $1 AND e.shop_id IS NULL AND (e.created_at, e.endpoint_id) > ($2, $3)
ORDER BY e.created_at, e.endpoint_id
LIMIT $4
"""

LIST_CHANGES = """
SELECT c.version, c.kind, c.settings, c.actor_role, c.actor_id, c.at
FROM after_sales.webhook_endpoint_changes AS c
WHERE c.partition_id = $1 AND c.endpoint_id = $2
ORDER BY c.version DESC
LIMIT $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointChange:
    """What somebody made of an endpoint: the settings after it, without secrets."""

    version: int
    kind: ChangeKind
    settings: dict[str, Any]
    actor: Actor
    at: datetime


async def fetch_endpoint(database: Queryable, owner: Owner, endpoint_id: UUID) -> Endpoint | None:
    """Return one of an owner's endpoints; None if it is not theirs."""
    if owner.shop_id is None:
        row = await database.fetchrow(FETCH_OF_PLATFORM, owner.home, endpoint_id)
    else:
        row = await database.fetchrow(FETCH_OF_SHOP, owner.home, endpoint_id, owner.shop_id)
    return None if row is None else endpoint_of(row)


async def list_endpoints(
    database: Queryable, owner: Owner, *, after: tuple[datetime, UUID], limit: int
) -> list[Endpoint]:
    """Return an owner's endpoints after an instant and id, the first made first."""
    if owner.shop_id is None:
        rows = await database.fetch(LIST_OF_PLATFORM, owner.home, *after, limit)
    else:
        rows = await database.fetch(LIST_OF_SHOP, owner.home, owner.shop_id, *after, limit)
    return [endpoint_of(row) for row in rows]


async def list_changes(
    database: Queryable, owner: Owner, endpoint_id: UUID, *, limit: int
) -> Sequence[EndpointChange]:
    """Return what was done to an endpoint, the latest first."""
    rows = await database.fetch(LIST_CHANGES, owner.home, endpoint_id, limit)
    return [
        EndpointChange(
            version=row["version"],
            kind=ChangeKind(row["kind"]),
            settings={"include": [], **from_json(row["settings"])},  # the oldest name none
            actor=Actor(role=Role(row["actor_role"]), id=row["actor_id"]),
            at=row["at"],
        )
        for row in rows
    ]


def endpoint_of(row: asyncpg.Record) -> Endpoint:
    """Return the endpoint in a row that has the `COLUMNS`, and perhaps others."""
    disabled = None
    if not row["enabled"]:
        disabled = Disabled(reason=DisabledReason(row["disabled_reason"]), at=row["disabled_at"])
    types = row["event_types"]
    return Endpoint(
        endpoint_id=row["endpoint_id"],
        shop_id=row["shop_id"],
        url=row["url"],
        description=row["description"],
        event_types=None if types is None else tuple(types),
        ordered=row["ordered"],
        rate_per_second=row["rate_per_second"],
        include=tuple(row["include"]),
        api_version=row["api_version"],
        header_names=tuple(row["header_names"]),
        public_key=row["public_key"],
        former_secret_until=row["former_secret_until"],
        disabled=disabled,
        version=row["version"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
