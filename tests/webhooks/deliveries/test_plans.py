"""No list, claim, record, figure or pruning of deliveries walks through a whole table.

`WEBHOOK_DELIVERIES=1000000` fills the tables further; what is checked stays the same.
"""

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Select
from sqlalchemy.dialects import postgresql

from app.event_store.streams import partition_of
from app.webhooks.deliveries import claims, opening, reading, recording, resending
from app.webhooks.deliveries.reading import DeliveryFilters, delivery_page
from app.webhooks.deliveries.tables import DeliveryState
from tests.conftest import START

ROWS = int(os.environ.get("WEBHOOK_DELIVERIES", "40000"))
SHOP = "shop-1"
PARTITION = partition_of(SHOP)
DAY = timedelta(days=1)
ENDPOINT = UUID(int=3)

# Ten endpoints in one partition; one of them, the dead one, has all that is queued but a little.
FILL_ENDPOINTS = """
INSERT INTO after_sales.webhook_endpoints
    (partition_id, endpoint_id, shop_id, url, ordered, api_version, header_names, public_key,
     secrets_sealed, enabled, since_position, version, created_at, changed_at)
SELECT $1, lpad(to_hex(n), 32, '0')::uuid, 'shop-1', 'https://example.com', false, '2026-11-01',
       '{}', '', '', true, 0, 1, $2::timestamptz, $2
FROM generate_series(1, 10) AS n
"""
FILL_QUEUES = """
INSERT INTO after_sales.webhook_queues
    (partition_id, endpoint_id, due_at, pending, delivered, given_up, attempts_failed,
     latency_ms_sum, latency_counts)
SELECT p, lpad(to_hex(n), 32, '0')::uuid,
       CASE WHEN n % 50 = 3 AND p = $1 THEN $2::timestamptz - interval '1 day' END,
       0, 0, 0, 0, 0, '{0,0,0,0,0,0,0,0,0,0,0}'
FROM generate_series(1, 500) AS n, generate_series(0, 63) AS p
"""
FILL_DELIVERIES = """
INSERT INTO after_sales.webhook_deliveries
    (partition_id, endpoint_id, message_id, api_version, position, ordinal, shop_id, stream_id,
     order_id, type, cause, state, attempts, failures, due_at, created_at)
SELECT $1, lpad(to_hex(n % 10 + 1), 32, '0')::uuid, gen_random_uuid(), '2026-11-01', n, 0,
       'shop-1', 'order/shop-1/order-' || n / 40, 'order-' || n / 40,
       CASE WHEN n % 97 = 0 THEN 'entry.expired' ELSE 'ticket.created' END, 'event',
       CASE WHEN n % 10 = 2 THEN 'queued' WHEN n % 301 = 0 THEN 'failed' ELSE 'delivered' END,
       1, 0, $2::timestamptz - n * interval '1 second', $2 - n * interval '1 second'
FROM generate_series(1, $3::integer) AS n
"""
FILL_ATTEMPTS = """
INSERT INTO after_sales.webhook_attempts
    (partition_id, endpoint_id, message_id, attempt, at, outcome, latency_ms)
SELECT d.partition_id, d.endpoint_id, d.message_id, 1, d.created_at, 'delivered', 5
FROM after_sales.webhook_deliveries AS d
"""
FILL_MESSAGES = """
INSERT INTO after_sales.webhook_messages (partition_id, message_id, api_version, body, kept_from)
SELECT d.partition_id, d.message_id, d.api_version, '{}', d.created_at
FROM after_sales.webhook_deliveries AS d
"""
SMALL = {"checkpoints", "webhook_endpoints", "test_clocks"}


async def test_every_statement_finds_its_rows_through_an_index(database: str) -> None:
    connection = await asyncpg.connect(database, command_timeout=600)
    try:
        await connection.execute(FILL_ENDPOINTS, PARTITION, START)
        await connection.execute(FILL_QUEUES, PARTITION, START)
        await connection.execute(FILL_DELIVERIES, PARTITION, START, ROWS)
        await connection.execute(FILL_ATTEMPTS)
        await connection.execute(FILL_MESSAGES)
        await connection.execute("ANALYZE")
        for index, statement in _statements():
            plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}"))
            nodes = list(_nodes(plan[0]["Plan"]))
            walked = {one["Relation Name"] for one in nodes if one["Node Type"] == "Seq Scan"}
            assert not walked - SMALL, (walked, statement)
            used = {one["Index Name"] for one in nodes if "Index Name" in one}
            assert index in used, (index, used, statement)
    finally:
        await connection.close()


def _statements() -> Iterator[tuple[str, str]]:
    """Every statement with an index it must go through."""
    last = (START - DAY / 2, UUID(int=0))
    for after in (None, last):
        for index, filters in (
            ("webhook_deliveries_list_idx", DeliveryFilters()),
            ("webhook_deliveries_state_idx", DeliveryFilters(state=DeliveryState.FAILED)),
            ("webhook_deliveries_type_idx", DeliveryFilters(type="entry.expired")),
            ("webhook_deliveries_order_idx", DeliveryFilters(order_id="order-7")),
        ):
            page = delivery_page(PARTITION, ENDPOINT, filters, after, 50)
            yield index, _written_out(page)
    everywhere, later = list(range(64)), START + timedelta(minutes=1)
    own, key = [ENDPOINT], (PARTITION, ENDPOINT)
    due = "webhook_deliveries_due_idx"
    queue = "webhook_queues_pkey"
    yield "webhook_queues_due_idx", _filled_in(claims.FIND_DUE, everywhere, START, own, [0], 500)
    yield queue, _filled_in(claims.LOCK_QUEUES, [PARTITION], own)
    yield due, _filled_in(claims.CLAIM, [PARTITION], own, [8], [START], START, later)
    yield due, _filled_in(claims.MOVE_QUEUES, [PARTITION], own, [True], START, later)
    bodies = _filled_in(claims.FETCH_BODIES, [PARTITION], own, ["2026-11-01"])
    yield "webhook_messages_pkey", bodies
    yield queue, _filled_in(recording.LOCK_QUEUES, [PARTITION], own)
    yield (
        "webhook_deliveries_stream_idx",
        _filled_in(recording.RELEASE, [PARTITION], own, ["order/shop-1/order-7"], [START]),
    )
    yield "webhook_deliveries_pkey", _filled_in(resending.REQUEUE, *key, ENDPOINT, START)
    recover = (*key, START - DAY, START, 1_000, False)
    yield "webhook_deliveries_state_idx", _filled_in(resending.RECOVER, *recover)
    old = (*key, START - DAY, 100)
    yield "webhook_deliveries_list_idx", _filled_in(opening.PRUNE_STEP, *old)
    pruned = _filled_in(opening.PRUNE_MESSAGES, PARTITION, START - 300 * DAY, 100)
    yield "webhook_messages_kept_idx", pruned
    yield "webhook_attempts_pkey", _filled_in(reading.LIST_ATTEMPTS, *key, ENDPOINT, 50)
    yield "webhook_deliveries_state_idx", _filled_in(reading.FETCH_HEALTH, [PARTITION], ENDPOINT)


def _written_out(query: Select[Any]) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def _filled_in(statement: str, *values: object) -> str:
    """Write the values into a statement, so that it can be explained."""
    for number in range(len(values), 0, -1):
        statement = statement.replace(f"${number}", _literal(values[number - 1]))
    return statement


def _literal(value: object) -> str:
    if isinstance(value, list):
        return f"ARRAY[{', '.join(map(_literal, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    kind = (
        "uuid" if isinstance(value, UUID) else "text" if isinstance(value, str) else "timestamptz"
    )
    return f"'{value}'::{kind}"


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
