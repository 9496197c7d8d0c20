"""No page of the feed walks through the table, however many events and however rare the type."""

import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

from app.event_store.streams import partition_of
from app.webhooks.feed.queries import PARTITION_PAGE, SCANNED_MAX, SHOP_PAGE
from app.webhooks.feed.reader import FIND_GROWN
from tests.projections.query_plans import fill

SHOPS = 6
PARTITIONS = [partition_of(f"shop-{number}") for number in range(SHOPS)]
PAGES_MAX = 400
"""Pages of 8 kB one look may touch, an index of 5,000 entries included; the table has 20,000."""

FILL = """
INSERT INTO after_sales.public_events
    (partition_id, position, ordinal, shop_id, type, event_id, body)
SELECT ($1::smallint[])[n % 6 + 1], n, 0, 'shop-' || n % 6,
       CASE WHEN n % 10000 = 0 THEN 'shop.restricted' ELSE 'ticket.created' END,
       gen_random_uuid(), repeat(md5(n::text), 60)
FROM generate_series(1, 120000) AS n
"""
PLANS = ("force_custom_plan", "force_generic_plan")
"""Made for the values of one call, and made once for all calls."""


@pytest.fixture
async def filled(database: str) -> Any:
    """Give a connection to a feed of 120,000 events."""
    connection = await asyncpg.connect(database)
    try:
        await fill(connection, FILL, PARTITIONS)
        await connection.execute("VACUUM (ANALYZE) after_sales.public_events")
        yield connection
    finally:
        await connection.close()


async def test_neither_a_page_nor_the_search_for_what_is_new_walks_through_the_table(
    filled: asyncpg.Connection,
) -> None:
    for plans in PLANS:
        await filled.execute(f"SET plan_cache_mode = {plans}")
        for query, shop in ((SHOP_PAGE, ["shop-3"]), (PARTITION_PAGE, [])):
            for types, scanned in ((None, 51), (["shop.restricted"], SCANNED_MAX)):
                for after in (0, 60_000, 119_000):
                    asked = [PARTITIONS[3], after, 0, scanned, types, 51, "public_events", *shop]
                    plan = await explained(filled, query, asked)
                    walked = [node for node in _nodes(plan) if node["Node Type"] == "Seq Scan"]
                    assert "public_events" not in [node["Relation Name"] for node in walked]
                    assert touched(plan) <= PAGES_MAX, (plans, query, types, after)
        plan = await explained(filled, FIND_GROWN, [PARTITIONS[3], 119_900, 120_000])
        assert touched(plan) < 40, plans


async def explained(
    connection: asyncpg.Connection, query: str, values: list[Any]
) -> dict[str, Any]:
    """Run a query as a prepared statement and return its plan with what it touched."""
    await connection.execute(f"PREPARE page AS {query}")
    written = ", ".join(map(_literal, values))
    told = await connection.fetchval(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE page({written})"
    )
    await connection.execute("DEALLOCATE page")
    plan: dict[str, Any] = json.loads(told)[0]["Plan"]
    return plan


def touched(plan: dict[str, Any]) -> int:
    """Return how many pages of 8 kB a statement looked at."""
    hit, read = plan["Shared Hit Blocks"], plan["Shared Read Blocks"]
    assert isinstance(hit, int)
    assert isinstance(read, int)
    return hit + read


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return f"ARRAY[{', '.join(map(_literal, value))}]"
    return f"'{value}'" if isinstance(value, str) else str(value)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)
