"""Every search among 100 000 refunds, 60 000 of them one shop's, reads few pages."""

import asyncpg

from app.domain.refunds import FundingSource
from app.event_store.streams import PARTITION_COUNT, partition_of
from app.projections.checkpoints import ensure_checkpoints
from app.projections.paging import After
from app.projections.refunds.apply import RefundsReader
from app.projections.refunds.list import FIND_WAITING, RefundFilters, refund_page
from app.projections.refunds.statements import FETCH_PAGE, FETCH_TOTALS
from app.projections.refunds.view import RefundProgress, RefundWaiting
from tests.conftest import START
from tests.projections.query_plans import explained, fill, indexes_in, pages_of
from tests.support.orders import DAY

SHOP = "shop-0"
PARTITIONS = [partition_of(f"shop-{number}") for number in range(3)]

PAGES_MAX = 150
"""Pages of 8 kB a search may touch: 50 rows lie on up to 50. All lie on over 3 000.

Postgres 15 fetches all rows of a narrow range and sorts them: 122 pages; 18 stays under 110.
"""
WAITING_PAGES_MAX = 600
"""The same in all partitions together: each is looked into."""

# One refund in 1 000 was refused, one in 500 is unknown; most have succeeded out of escrow.
FILL = """
INSERT INTO after_sales.refunds
    (partition_id, shop_id, ticket_id, order_id, refund_key, overdue, requested_at, progress,
     source, waiting, waiting_since, succeeded_at, owed, doc)
SELECT ($1::smallint[])[shop + 1], 'shop-' || shop, 'order-' || n || '-1', 'order-' || n,
       'shop-' || shop || '/order-' || n || '-1', n % 100 = 0,
       $2::timestamptz - n * interval '10 minutes',
       CASE WHEN n % 1000 = 0 THEN 'refused' WHEN n % 500 = 1 THEN 'unknown'
            ELSE 'succeeded' END,
       CASE WHEN n % 700 = 0 THEN 'deposit' ELSE 'escrow' END,
       CASE WHEN n % 1000 = 0 THEN 'person' WHEN n % 500 = 1 THEN 'outcome' END,
       CASE WHEN n % 1000 = 0 OR n % 500 = 1 THEN $2::timestamptz - n * interval '9 minutes' END,
       CASE WHEN n % 1000 <> 0 AND n % 500 <> 1 THEN $2::timestamptz - n * interval '8 minutes' END,
       CASE WHEN n % 2000 = 0 THEN 5 ELSE 0 END, jsonb_build_object('text', repeat('x', 300))
FROM generate_series(1, 100000) AS n,
     LATERAL (SELECT CASE WHEN n % 5 < 3 THEN 0 ELSE n % 5 - 2 END AS shop) AS s
"""

SEARCHES = {
    "refunds_newest_idx": [
        RefundFilters(),
        RefundFilters(overdue=False),
        RefundFilters(requested_from=START - 401 * DAY, requested_to=START - 400 * DAY),
    ],
    "refunds_progress_idx": [
        RefundFilters(progress=RefundProgress.REFUSED),
        RefundFilters(progress=RefundProgress.UNKNOWN),
    ],
    "refunds_source_idx": [RefundFilters(source=FundingSource.DEPOSIT)],
    "refunds_overdue_idx": [RefundFilters(overdue=True)],
    "refunds_order_idx": [RefundFilters(order_id="order-301")],
    "refunds_waiting_idx": [RefundFilters(waiting=RefundWaiting.PERSON)],
}


async def test_no_search_of_refunds_reads_more_than_a_little(database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        await fill(connection, FILL, PARTITIONS, START)
        await ensure_checkpoints(connection, [RefundsReader().name])
        await connection.execute("VACUUM ANALYZE after_sales.refunds")
        for index, filters in ((index, one) for index, many in SEARCHES.items() for one in many):
            for after in (None, After(START - 300 * DAY, "order-9-1")):
                page = refund_page(SHOP, filters, after=after, limit=50)
                plan = await explained(connection, page)
                assert index in indexes_in(plan), (filters, indexes_in(plan))
                assert pages_of(plan) <= PAGES_MAX, (filters, pages_of(plan))
        everywhere = list(range(PARTITION_COUNT))
        for waiting in (["person"], ["person", "outcome"], ["money"]):
            arguments = (everywhere, waiting, START - 700 * DAY, "", 51)
            plan = await explained(connection, FIND_WAITING, *arguments)
            assert indexes_in(plan) == {"refunds_waiting_anywhere_idx"}
            assert pages_of(plan) <= WAITING_PAGES_MAX, (waiting, pages_of(plan))
        shop = (partition_of(SHOP), SHOP)
        begin, end = START - 330 * DAY, START - 300 * DAY
        for statement, bounds in (
            (FETCH_PAGE, (*shop, end, begin, "", 201)),
            (FETCH_TOTALS, (*shop, begin, end)),
        ):
            plan = await explained(connection, statement, *bounds)
            assert indexes_in(plan) == {"refunds_statement_idx"}
            assert pages_of(plan) <= PAGES_MAX, (statement, pages_of(plan))
    finally:
        await connection.close()
