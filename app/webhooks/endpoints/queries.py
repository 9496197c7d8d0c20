"""Tables and statements of endpoints: their settings, and the history of changes."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from pydantic_core import from_json
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.domain.webhook_endpoints import DisabledReason
from app.event_store.connections import Queryable
from app.event_store.recorded_event import Actor, Role
from app.event_store.tables import BytewiseText, metadata
from app.webhooks.endpoints import endpoint

webhook_endpoints = sa.Table(
    "webhook_endpoints",
    metadata,
    sa.Column("partition_id", sa.SmallInteger, nullable=False),
    sa.Column("endpoint_id", sa.Uuid, nullable=False),
    sa.Column("shop_id", BytewiseText),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("event_types", sa.ARRAY(sa.Text)),
    sa.Column("ordered", sa.Boolean, nullable=False),
    sa.Column("rate_per_second", sa.Integer),
    sa.Column("include", sa.ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("api_version", sa.Text, nullable=False),
    sa.Column("header_names", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("headers_sealed", sa.LargeBinary),
    sa.Column("public_key", sa.Text, nullable=False),
    sa.Column("secrets_sealed", sa.LargeBinary, nullable=False),
    sa.Column("former_secret_until", TIMESTAMP(timezone=True)),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("disabled_reason", sa.Text),
    sa.Column("disabled_at", TIMESTAMP(timezone=True)),
    sa.Column("since_position", sa.BigInteger, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    sa.Column("changed_at", TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint("partition_id", "endpoint_id", name="webhook_endpoints_pkey"),
    sa.Index("webhook_endpoints_owner_idx", "partition_id", "shop_id", "created_at", "endpoint_id"),
)
"""An endpoint of a shop is a row in the shop's partition. One of the platform (without ``shop_id``)
is a row in every partition, so that no query crosses partitions; the copies differ only in
``since_position``: the position in their partition after which events are sent to it.
"""

webhook_endpoint_changes = sa.Table(
    "webhook_endpoint_changes",
    metadata,
    sa.Column("partition_id", sa.SmallInteger, nullable=False),
    sa.Column("endpoint_id", sa.Uuid, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("settings", JSONB, nullable=False),
    sa.Column("actor_role", sa.Text, nullable=False),
    sa.Column("actor_id", sa.Text, nullable=False),
    sa.Column("at", TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint(
        "partition_id", "endpoint_id", "version", name="webhook_endpoint_changes_pkey"
    ),
)
"""The history of an endpoint: settings after each change, actor and time. Append-only, and kept
when the endpoint is deleted.

The rows of a platform endpoint are in `PLATFORM_PARTITION` only. ``settings`` holds no secret.
"""


COLUMNS = """e.endpoint_id, e.shop_id, e.url, e.description, e.event_types, e.ordered,
       e.rate_per_second, e.include, e.api_version, e.header_names, e.public_key,
       e.former_secret_until, e.enabled, e.disabled_reason, e.disabled_at, e.version,
       e.created_at, e.changed_at"""

# `IS NOT DISTINCT FROM` uses no index, so the platform's endpoints have their own statements.
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
    """A change of an endpoint, with the settings after it, without secrets."""

    version: int
    kind: endpoint.ChangeKind
    settings: dict[str, Any]
    actor: Actor
    at: datetime


async def fetch_endpoint(
    database: Queryable, owner: endpoint.Owner, endpoint_id: UUID
) -> endpoint.Endpoint | None:
    """Return one of an owner's endpoints; None if it belongs to another owner."""
    if owner.shop_id is None:
        row = await database.fetchrow(FETCH_OF_PLATFORM, owner.home, endpoint_id)
    else:
        row = await database.fetchrow(FETCH_OF_SHOP, owner.home, endpoint_id, owner.shop_id)
    return None if row is None else endpoint_of(row)


async def list_endpoints(
    database: Queryable, owner: endpoint.Owner, *, after: tuple[datetime, UUID], limit: int
) -> list[endpoint.Endpoint]:
    """Return an owner's endpoints after an instant and id, oldest first."""
    if owner.shop_id is None:
        rows = await database.fetch(LIST_OF_PLATFORM, owner.home, *after, limit)
    else:
        rows = await database.fetch(LIST_OF_SHOP, owner.home, owner.shop_id, *after, limit)
    return [endpoint_of(row) for row in rows]


async def list_changes(
    database: Queryable, owner: endpoint.Owner, endpoint_id: UUID, *, limit: int
) -> Sequence[EndpointChange]:
    """Return the changes of an endpoint, latest first."""
    rows = await database.fetch(LIST_CHANGES, owner.home, endpoint_id, limit)
    return [
        EndpointChange(
            version=row["version"],
            kind=endpoint.ChangeKind(row["kind"]),
            settings={"include": [], **from_json(row["settings"])},  # absent in the oldest rows
            actor=Actor(role=Role(row["actor_role"]), id=row["actor_id"]),
            at=row["at"],
        )
        for row in rows
    ]


def endpoint_of(row: asyncpg.Record) -> endpoint.Endpoint:
    """Return the endpoint of a row with at least the `COLUMNS`."""
    columns = {
        one.name: row[one.name] for one in fields(endpoint.Endpoint) if one.name != "disabled"
    }
    if not row["enabled"]:
        disabled = endpoint.Disabled(
            reason=DisabledReason(row["disabled_reason"]), at=row["disabled_at"]
        )
    else:
        disabled = None
    types = row["event_types"]
    arrays = {
        "event_types": None if types is None else tuple(types),
        "include": tuple(row["include"]),
        "header_names": tuple(row["header_names"]),
    }
    return endpoint.Endpoint(**{**columns, **arrays, "disabled": disabled})


LOCK_OWNER = "SELECT pg_advisory_xact_lock($1, hashtext($2))"

# It receives events after the present head of the log.
INSERT = """
INSERT INTO after_sales.webhook_endpoints
    (partition_id, endpoint_id, shop_id, url, description, event_types, ordered, rate_per_second,
     include, api_version, header_names, headers_sealed, public_key, secrets_sealed, enabled,
     since_position, version, created_at, changed_at)
SELECT h.partition_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, true, h.position, 1,
       $15, $15
FROM after_sales.log_heads AS h
WHERE h.partition_id = ANY ($1::smallint[])
"""

CHANGE = """
UPDATE after_sales.webhook_endpoints AS e
SET url = $3, description = $4, event_types = $5, ordered = $6, rate_per_second = $7,
    include = $8,
    header_names = CASE WHEN $9 THEN $10 ELSE e.header_names END,
    headers_sealed = CASE WHEN $9 THEN $11 ELSE e.headers_sealed END,
    version = e.version + 1, changed_at = $12
WHERE e.partition_id = ANY ($1::smallint[]) AND e.endpoint_id = $2
"""

DISABLE = """
UPDATE after_sales.webhook_endpoints AS e
SET enabled = false, disabled_reason = $3, disabled_at = $4, version = e.version + 1,
    changed_at = $4
WHERE e.partition_id = ANY ($1::smallint[]) AND e.endpoint_id = $2
"""

# Events while it was disabled are not sent, unless a replay requests them.
ENABLE = """
UPDATE after_sales.webhook_endpoints AS e
SET enabled = true, disabled_reason = NULL, disabled_at = NULL, since_position = h.position,
    version = e.version + 1, changed_at = $3
FROM after_sales.log_heads AS h
WHERE e.partition_id = ANY ($1::smallint[]) AND e.endpoint_id = $2
  AND h.partition_id = e.partition_id
"""

# Workers reset its health too: the time of failing counts from now.
WAKE_QUEUES = """
UPDATE after_sales.webhook_queues AS q
SET due_at = 'epoch', failing_since = NULL, enabled_version = $3
WHERE q.partition_id = ANY ($1::smallint[]) AND q.endpoint_id = $2
"""

READ_SECRETS = """
SELECT e.secrets_sealed FROM after_sales.webhook_endpoints AS e
WHERE e.partition_id = $1 AND e.endpoint_id = $2
"""

ROTATE = """
UPDATE after_sales.webhook_endpoints AS e
SET secrets_sealed = $3, public_key = $4, former_secret_until = $5, version = e.version + 1,
    changed_at = $6
WHERE e.partition_id = ANY ($1::smallint[]) AND e.endpoint_id = $2
"""

DELETE = """
DELETE FROM after_sales.webhook_endpoints AS e
WHERE e.partition_id = ANY ($1::smallint[]) AND e.endpoint_id = $2
"""

ADD_CHANGE = """
INSERT INTO after_sales.webhook_endpoint_changes
    (partition_id, endpoint_id, version, kind, settings, actor_role, actor_id, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
