"""Queries for the owner of an endpoint: deliveries, one with its attempts, health."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.event_store.connections import Queryable
from app.webhooks.deliveries.claims import DeliveryKey
from app.webhooks.deliveries.tables import NO_COUNTS, OLDEST_PENDING, Cause, DeliveryState
from app.webhooks.deliveries.tables import webhook_deliveries as table

ATTEMPTS_SHOWN_MAX = 50

COLUMNS = (
    *(table.c.partition_id, table.c.message_id, table.c.shop_id, table.c.order_id, table.c.type),
    *(table.c.cause, table.c.state, table.c.attempts, table.c.due_at, table.c.created_at),
    *(table.c.settled_at, table.c.last_status, table.c.last_outcome, table.c.api_version),
)

FETCH_DELIVERY = """
SELECT d.partition_id, d.message_id, d.shop_id, d.order_id, d.type, d.cause, d.state, d.attempts,
       d.due_at, d.created_at, d.settled_at, d.last_status, d.last_outcome, d.api_version
FROM after_sales.webhook_deliveries AS d
WHERE d.partition_id = ANY ($1::smallint[]) AND d.endpoint_id = $2 AND d.message_id = $3
"""

FETCH_BODY = """
SELECT m.body FROM after_sales.webhook_messages AS m
WHERE m.partition_id = $1 AND m.message_id = $2 AND m.api_version = $3
"""

LIST_ATTEMPTS = """
SELECT a.attempt, a.at, a.outcome, a.detail, a.status, a.latency_ms, a.answer
FROM after_sales.webhook_attempts AS a
WHERE a.partition_id = $1 AND a.endpoint_id = $2 AND a.message_id = $3
ORDER BY a.attempt DESC
LIMIT $4
"""

# The oldest is an index lookup in each queue with pending deliveries.
FETCH_HEALTH = f"""
SELECT sum(q.pending)::bigint AS pending, sum(q.delivered)::bigint AS delivered,
       sum(q.given_up)::bigint AS given_up, sum(q.attempts_failed)::bigint AS attempts_failed,
       min(q.failing_since) AS failing_since, max(q.last_success_at) AS last_success_at,
       max(q.last_failure_at) AS last_failure_at, min(o.created_at) AS oldest_pending_at
FROM after_sales.webhook_queues AS q
{OLDEST_PENDING}
WHERE q.partition_id = ANY ($1::smallint[]) AND q.endpoint_id = $2
"""

FETCH_LATENCIES = """
SELECT q.latency_counts FROM after_sales.webhook_queues AS q
WHERE q.partition_id = ANY ($1::smallint[]) AND q.endpoint_id = $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFilters:
    """Filters of a list of deliveries; None matches all."""

    state: DeliveryState | None = None
    type: str | None = None
    order_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message for an endpoint, and its state."""

    partition_id: int
    message_id: UUID
    shop_id: str
    order_id: str | None
    type: str
    cause: Cause
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime
    settled_at: datetime | None
    last_status: int | None
    last_outcome: str | None
    api_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAttempt:
    """A recorded attempt."""

    attempt: int
    at: datetime
    outcome: str
    detail: str | None
    status: int | None
    latency_ms: int
    answer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointHealth:
    """The health of an endpoint, since its creation. ``latency_counts``: see `BOUNDS_MS`."""

    pending: int
    oldest_pending_at: datetime | None
    delivered: int
    given_up: int
    attempts_failed: int
    failing_since: datetime | None
    last_success_at: datetime | None
    last_failure_at: datetime | None
    latency_counts: list[int]


async def list_deliveries(
    engine: AsyncEngine,
    endpoint_id: UUID,
    partition_ids: Sequence[int],
    filters: DeliveryFilters,
    *,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Delivery]:
    """Return deliveries to an endpoint, newest first, merged from a page of each partition."""
    async with engine.connect() as connection:
        pages = [
            await _page(connection, delivery_page(one, endpoint_id, filters, after, limit))
            for one in partition_ids
        ]
    merged = heapq.merge(*pages, key=lambda one: (one.created_at, one.message_id), reverse=True)
    return list(islice(merged, limit))


def delivery_page(
    partition_id: int,
    endpoint_id: UUID,
    filters: DeliveryFilters,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Select[Any]:
    """Build the query of a page in one partition."""
    order = (table.c.created_at, table.c.message_id)
    conditions: list[ColumnElement[bool]] = [
        table.c.partition_id == partition_id,
        table.c.endpoint_id == endpoint_id,
    ]
    if filters.state is not None:
        conditions.append(table.c.state == filters.state.value)
    if filters.type is not None:
        conditions.append(table.c.type == filters.type)
    if filters.order_id is not None:
        conditions.append(table.c.order_id == filters.order_id)
    if after is not None:
        conditions.append(tuple_(*order) < tuple_(*after))
    descending = [column.desc() for column in order]
    return select(*COLUMNS).where(*conditions).order_by(*descending).limit(limit)


async def fetch_delivery(
    database: Queryable, endpoint_id: UUID, partition_ids: Sequence[int], message_id: UUID
) -> Delivery | None:
    """Return one delivery to an endpoint; None if there is none with this id."""
    row = await database.fetchrow(FETCH_DELIVERY, list(partition_ids), endpoint_id, message_id)
    return None if row is None else _delivery(row)


async def fetch_body(database: Queryable, delivery: Delivery) -> str | None:
    """Return the body; None if it has been pruned."""
    row = await database.fetchrow(
        FETCH_BODY, delivery.partition_id, delivery.message_id, delivery.api_version
    )
    return None if row is None else str(row["body"])


async def list_attempts(database: Queryable, key: DeliveryKey) -> list[KeptAttempt]:
    """Return the latest attempts of a delivery, newest first."""
    place = (key.partition_id, key.endpoint_id, key.message_id)
    rows = await database.fetch(LIST_ATTEMPTS, *place, ATTEMPTS_SHOWN_MAX)
    return [KeptAttempt(**dict(row)) for row in rows]


async def fetch_health(
    database: Queryable, endpoint_id: UUID, partition_ids: Sequence[int]
) -> EndpointHealth:
    """Return the health of an endpoint, from a row or two per partition, however long its queue."""
    row = await database.fetchrow(FETCH_HEALTH, list(partition_ids), endpoint_id)
    assert row is not None  # noqa: S101 - an aggregate without groups
    counts = await database.fetch(FETCH_LATENCIES, list(partition_ids), endpoint_id)
    last_success_at, failing_since = row["last_success_at"], row["failing_since"]
    if failing_since and last_success_at:  # in another partition
        failing_since = max(failing_since, last_success_at)
    return EndpointHealth(
        pending=row["pending"] or 0,
        oldest_pending_at=row["oldest_pending_at"],
        delivered=row["delivered"] or 0,
        given_up=row["given_up"] or 0,
        attempts_failed=row["attempts_failed"] or 0,
        failing_since=failing_since,
        last_success_at=last_success_at,
        last_failure_at=row["last_failure_at"],
        latency_counts=[
            sum(column)
            for column in zip(NO_COUNTS, *(one["latency_counts"] for one in counts), strict=True)
        ],
    )


async def _page(connection: AsyncConnection, query: Select[Any]) -> list[Delivery]:
    return [_delivery(row) for row in (await connection.execute(query)).mappings()]


def _delivery(row: "asyncpg.Record | Any") -> Delivery:
    named = {"cause": Cause(row["cause"]), "state": DeliveryState(row["state"])}
    return Delivery(**{**row, **named})
