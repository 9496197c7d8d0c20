"""Every search of a shop with 200 000 tickets, beside 120 000 of others, reads few pages."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
from sqlalchemy import Select

from app.domain.order.tickets import Side, TicketState, TicketType
from app.domain.reasons import ApplicationReason
from app.event_store.connections import Connection
from app.event_store.streams import partition_of
from app.projections.checkpoints import ensure_checkpoints
from app.projections.paging import After
from app.projections.tickets.list import TicketFilters, TicketSort, rows_end, ticket_page
from app.projections.tickets.table import TicketsReader
from tests.conftest import START
from tests.projections.query_plans import explained, fill, nodes

SHOP = "shop-0"
PARTITIONS = [partition_of(f"shop-{number}") for number in range(4)]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

PAGES_MAX, PAGES_TOGETHER_MAX = 100, 2_500
"""Pages of 8 kB a search may touch, with one filter and with several: 50 rows lie on 50 pages, a
filter more may cost what the most selective of them finds. All rows and keys lie on over 20 000."""

# Ten years of a shop with a ticket every 26 minutes, and three smaller ones beside it. One ticket
# in 50 is under way; one in 1 000 is a repair; one in 20 has a parcel.
FILL = """
INSERT INTO after_sales.tickets
    (partition_id, shop_id, ticket_id, order_id, buyer_id, overdue, created_at, type, state,
     waiting_for, reason, amount, return_tracking_number, first_tracking_number,
     replacement_tracking_number, due_at, due_action, position, doc)
SELECT ($1::smallint[])[shop + 1], 'shop-' || shop, 'order-' || n || '-1', 'order-' || n,
       'buyer-' || n % 20000, n % 10 = 0, $2::timestamptz - n * interval '16 minutes',
       CASE WHEN n % 1000 = 0 THEN 'repair' WHEN n % 3 = 0 THEN 'return_and_refund'
            ELSE 'refund_only' END,
       CASE WHEN n % 200 = 0 THEN 'refunding' WHEN n % 100 = 0 THEN 'pending_merchant'
            WHEN n % 50 = 0 THEN 'awaiting_return' ELSE 'closed' END,
       CASE WHEN n % 200 = 0 THEN 'platform' WHEN n % 100 = 0 THEN 'merchant'
            WHEN n % 50 = 0 THEN 'consumer' END,
       CASE WHEN n % 1000 = 1 THEN 'counterfeit' ELSE 'quality_problem' END,
       n::bigint * 7919 % 1000000,
       CASE WHEN n % 20 = 0 THEN 'SF' || n END, CASE WHEN n % 400 = 0 THEN 'ZTO' || n END,
       CASE WHEN n % 60 = 0 THEN 'YT' || n END,
       CASE WHEN n % 200 <> 0 AND n % 50 = 0 THEN $2 + n * interval '1 minute' END,
       CASE WHEN n % 200 <> 0 AND n % 50 = 0 THEN 'agree' END, n,
       jsonb_build_object('filled', repeat('x', 300))
FROM generate_series(1, 320000) AS n,
     LATERAL (SELECT CASE WHEN n % 8 < 5 THEN 0 ELSE n % 8 - 4 END AS shop) AS s
"""

WHOLE = "tickets_created_idx"
NEWEST: list[tuple[set[str], TicketFilters]] = [
    ({WHOLE}, TicketFilters()),
    ({"tickets_state_idx"}, TicketFilters(state=TicketState.PENDING_MERCHANT)),
    ({"tickets_waiting_idx"}, TicketFilters(waiting_for=Side.MERCHANT)),
    ({"tickets_waiting_idx"}, TicketFilters(waiting_for=Side.PLATFORM)),
    ({"tickets_overdue_idx"}, TicketFilters(overdue=True)),
    ({WHOLE}, TicketFilters(overdue=False)),
    ({"tickets_type_idx"}, TicketFilters(type=TicketType.REPAIR)),
    ({"tickets_reason_idx"}, TicketFilters(reason=ApplicationReason.COUNTERFEIT)),
    ({"tickets_buyer_idx"}, TicketFilters(buyer_id="buyer-11")),
    ({"tickets_order_idx"}, TicketFilters(order_id="order-11")),
    (
        {
            "tickets_return_tracking_number_idx",
            "tickets_first_tracking_number_idx",
            "tickets_replacement_tracking_number_idx",
        },
        TicketFilters(tracking_number="SF160000"),
    ),
    ({"tickets_amount_idx"}, TicketFilters(amount_from=500_000, amount_to=500_040)),
    ({WHOLE}, TicketFilters(amount_from=1_000)),
    ({"tickets_due_idx"}, TicketFilters(due_before=START + DAY)),
    ({WHOLE}, TicketFilters(created_from=START - 41 * DAY, created_to=START - 40 * DAY)),
]
DUE: list[tuple[set[str], TicketFilters]] = [
    ({"tickets_due_idx"}, TicketFilters()),
    ({"tickets_due_idx"}, TicketFilters(due_before=START + DAY)),
    ({"tickets_waiting_due_idx"}, TicketFilters(waiting_for=Side.MERCHANT)),
    ({"tickets_waiting_due_idx"}, TicketFilters(waiting_for=Side.MERCHANT, overdue=True)),
    ({"tickets_waiting_due_idx"}, TicketFilters(waiting_for=Side.CONSUMER, amount_from=10_000)),
]
TOGETHER = [
    TicketFilters(waiting_for=Side.MERCHANT, overdue=True, amount_from=100_000),
    TicketFilters(waiting_for=Side.MERCHANT, type=TicketType.REPAIR),
    TicketFilters(type=TicketType.REPAIR, reason=ApplicationReason.COUNTERFEIT),
    TicketFilters(buyer_id="buyer-11", state=TicketState.CLOSED, type=TicketType.REFUND_ONLY),
    TicketFilters(state=TicketState.CLOSED, amount_from=500_000, amount_to=500_040),
    TicketFilters(state=TicketState.AWAITING_RETURN, due_before=START + 2 * DAY),
]
"""Combinations of what one index finds with what only rows tell: any index that reads little."""


async def test_no_search_reads_more_than_a_little_of_a_big_shop(database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        await fill(connection, FILL, PARTITIONS, START)
        await ensure_checkpoints(connection, [TicketsReader().name])
        await connection.execute("VACUUM ANALYZE after_sales.tickets")
        for search in _searches():
            root = await explained(connection, search.query)
            steps = list(nodes(root))
            on_tickets = [node for node in steps if node.get("Relation Name") == "tickets"]
            assert all(node["Node Type"] != "Seq Scan" for node in on_tickets), root
            assert not search.first or sum(node["Actual Rows"] for node in on_tickets), root
            used = {node["Index Name"] for node in steps if "Index Name" in node}
            assert search.indexes <= used, (search.indexes, used)
            pages = root["Shared Hit Blocks"] + root["Shared Read Blocks"]
            assert pages <= search.pages_max, (pages, root)
        await _find_ends(connection)
    finally:
        await connection.close()


async def _find_ends(connection: Connection) -> None:
    """Insist that where an export ends is found in an index alone."""
    for sort, index in ((TicketSort.NEWEST, WHOLE), (TicketSort.DUE_AT, "tickets_due_idx")):
        query = rows_end(SHOP, TicketFilters(), sort=sort, after=None, rows_max=100_000)
        scans = [node for node in nodes(await explained(connection, query)) if "Index Name" in node]
        assert [(scan["Node Type"], scan["Index Name"]) for scan in scans] == [
            ("Index Only Scan", index)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A statement, the indexes it should go through, and how many pages it may touch.

    ``first``: it is the first page of a search that finds something.
    """

    query: Select[Any]
    indexes: set[str]
    pages_max: int
    first: bool


def _searches() -> Iterator[Search]:
    """Every search, from its beginning and further on."""
    pages = (
        (TicketSort.NEWEST, NEWEST, After(START - 300 * DAY, "order-900-1")),
        (TicketSort.DUE_AT, DUE, After(START + 12 * HOUR, "order-700-1")),
    )
    for sort, searches, further in pages:
        for indexes, filters in searches:
            for after in (None, further):
                query = ticket_page(SHOP, filters, sort=sort, after=after, limit=50)
                yield Search(query=query, indexes=indexes, pages_max=PAGES_MAX, first=after is None)
    for filters in TOGETHER:
        for sort in TicketSort:
            query = ticket_page(SHOP, filters, sort=sort, limit=50)
            yield Search(query=query, indexes=set(), pages_max=PAGES_TOGETHER_MAX, first=False)
