"""What the assistant asks of the database reads few pages, however much lies there."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from app.domain.assistant import AT_MOST_MAX, HistoryKind
from app.event_store.connections import Connection
from app.event_store.streams import PARTITION_COUNT, partition_of
from app.processes.assistant.dry_run import READ_APPLICATIONS
from app.processes.assistant.reader import FIND_SHOPS_WITH_RULES, MADE_APPLICATION, READ_PASTS
from app.processes.assistant.rule_sets import READ_CURRENT, READ_VERSION
from app.processes.assistant.worker import FINISH, QUEUE
from tests.conftest import START
from tests.projections.query_plans import fill

SHOPS = [f"shop-{number}" for number in range(6)]
SHOP, PARTITION = SHOPS[3], partition_of(SHOPS[3])
PARTITIONS = [partition_of(shop_id) for shop_id in SHOPS]
EVERYWHERE = list(range(PARTITION_COUNT))

# Six shops of 100 000 events that count in the past of 2 000 buyers each, but for the last of them,
# who has 10 000; 60 000 applications to be judged; 5 000 versions of each shop's rules.
FILL_HISTORY = """
INSERT INTO after_sales.buyer_history
    (partition_id, position, shop_id, ticket_id, buyer_id, kind, at)
SELECT ($1::smallint[])[n % 6 + 1], n, 'shop-' || n % 6, 'order-' || n / 24 || '-1',
       CASE WHEN n % 60 < 6 THEN 'buyer-big' ELSE 'buyer-' || n % 2000 END,
       ($3::text[])[n / 7 % 5 + 1], $2::timestamptz - (600000 - n) * interval '1 minute'
FROM generate_series(1, 600000) AS n
"""
FILL_WORK = """
INSERT INTO after_sales.assistant_work
    (partition_id, stream_id, ticket_id, ticket_version, position, claimed_until)
SELECT ($1::smallint[])[n % 6 + 1], 'order/shop-' || n % 6 || '/order-' || n, 'order-' || n || '-1',
       6, n, CASE WHEN n % 100 = 0 THEN $2::timestamptz END
FROM generate_series(1, 60000) AS n
"""
FILL_RULES = """
INSERT INTO after_sales.assistant_rules
    (partition_id, shop_id, version, any_enabled, rules, actor_role, actor_id, created_at)
SELECT ($1::smallint[])[n % 6 + 1], 'shop-' || n % 6, n / 6 + 1, true, '[]', 'merchant', 'key-1',
       $2::timestamptz
FROM generate_series(0, 29999) AS n
"""
FILL_EVENTS = """
INSERT INTO after_sales.events
    (partition_id, position, stream_id, version, event_id, type, schema_version, data, metadata,
     occurred_at)
SELECT ($1::smallint[])[n % 6 + 1], n, 'order/shop-' || n % 6 || '/order-' || n, 1,
       gen_random_uuid(), 'TicketCreated', 1, '{}', '{}', $2::timestamptz
FROM generate_series(1, 600000) AS n
"""
KINDS = [*HistoryKind, "modifications"]
POSITIONS = [599_997, 599_991, 599_985]
TICKETS = [f"order-{number}-1" for number in range(24_800, 25_000)]

Asked = tuple[str, str, tuple[object, ...], int]
"""A statement, the index it should go through, what it asks, how many pages it may touch."""


async def test_no_statement_reads_more_than_it_needs(database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        await fill(connection, FILL_HISTORY, PARTITIONS, START, KINDS)
        for statement in (FILL_WORK, FILL_RULES, FILL_EVENTS):
            await fill(connection, statement, PARTITIONS, START)
        await connection.execute("VACUUM ANALYZE")
        for statement, index, arguments, pages_max in _asked():
            root = await _explained(connection, statement, arguments)
            nodes = list(_nodes(root))
            assert all(node["Node Type"] != "Seq Scan" for node in nodes), root
            assert index in {node["Index Name"] for node in nodes if "Index Name" in node}, root
            pages = root["Shared Hit Blocks"] + root["Shared Read Blocks"]
            assert pages <= pages_max, (pages, statement, root)
    finally:
        await connection.close()


def _asked() -> Iterator[Asked]:
    buyers, kinds = "buyer_history_buyer_idx", [kind.value for kind in HistoryKind]
    yield READ_PASTS, buyers, _pasts(["buyer-9"], [POSITIONS[0]], kinds), 450
    yield READ_PASTS, buyers, _pasts(["buyer-big"], [POSITIONS[0]], kinds), 900
    yield READ_PASTS, buyers, _pasts(["buyer-big"], [300_000], kinds), 900
    yield READ_PASTS, buyers, _pasts(["buyer-9"] * 3, POSITIONS, kinds), 1_350
    made = (PARTITION, SHOP, TICKETS, MADE_APPLICATION)
    yield READ_APPLICATIONS, "buyer_history_pkey", made, 3_000
    yield READ_CURRENT, "assistant_rules_pkey", (PARTITION, SHOP), 5
    yield READ_VERSION, "assistant_rules_pkey", (PARTITION, SHOP, 2_500), 5
    yield FIND_SHOPS_WITH_RULES, "assistant_rules_pkey", (PARTITIONS, SHOPS), 30
    waiting, now = "assistant_work_position_idx", START + timedelta(hours=1)
    later = now + timedelta(minutes=1)
    claim = (EVERYWHERE, now, 100, later, UUID(int=1))
    yield QUEUE.claim_across_partitions, waiting, claim, 1_500
    yield QUEUE.lock_in_partition, waiting, (PARTITION, now, 100), 200
    work = (PARTITION, f"order/{SHOP}/order-3003", "order-3003-1", 6, UUID(int=1))
    yield FINISH, "assistant_work_pkey", work, 10


def _pasts(buyers: list[str], positions: list[int], kinds: list[str]) -> tuple[object, ...]:
    tickets = ["order-1-1"] * len(buyers)
    return PARTITION, SHOP, buyers, tickets, positions, kinds, [AT_MOST_MAX + 1] * len(kinds)


async def _explained(
    connection: Connection, statement: str, arguments: tuple[object, ...]
) -> dict[str, Any]:
    """Run a statement for its plan, and take back what it did."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        explained = await connection.fetchval(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *arguments
        )
    finally:
        await transaction.rollback()
    plan: dict[str, Any] = json.loads(explained)[0]["Plan"]
    return plan


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)
