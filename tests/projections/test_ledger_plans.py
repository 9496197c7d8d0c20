"""Every search of a ledger of 100 000 journals, beside 50 000 of others, reads few pages."""

from datetime import timedelta

import asyncpg

from app.domain.funds.accounts import Account
from app.event_store.streams import partition_of
from app.projections.checkpoints import ensure_checkpoints
from app.projections.ledger.entry import LedgerKind
from app.projections.ledger.list import LedgerFilters, ledger_page
from app.projections.ledger.table import LedgerReader
from app.projections.paging import After
from tests.conftest import START
from tests.projections.query_plans import explained, fill, indexes_in, nodes, pages_of

SHOP = "shop-0"
PARTITIONS = [partition_of(f"shop-{number}") for number in range(3)]
DAY = timedelta(days=1)

PAGES_MAX = 150
"""Pages of 8 kB a search may touch: 50 rows lie on up to 50. All lie on over 3 000.

Postgres 15 fetches all rows of a narrow range and sorts them: 130 pages; 18 stays under 100.
"""

# One journal in 1 000 is a top-up of the deposit; the others are payments and their settlements.
FILL = """
INSERT INTO after_sales.ledger
    (partition_id, position, shop_id, journal_id, at, kind, order_id, refund_key, accounts, amounts)
SELECT ($1::smallint[])[shop + 1], n, 'shop-' || shop, 'journal-' || n,
       $2::timestamptz - n * interval '10 minutes',
       CASE WHEN n % 1000 = 0 THEN 'topped_up' WHEN n % 2 = 0 THEN 'order_settled'
            ELSE 'order_paid' END,
       CASE WHEN n % 1000 <> 0 THEN 'order-' || n / 2 END,
       CASE WHEN n % 50 = 1 THEN 'refund-' || n END,
       CASE WHEN n % 1000 = 0 THEN '{outside,deposit}' WHEN n % 2 = 0 THEN '{escrow,cash_alipay}'
            ELSE '{outside,escrow}' END::text[],
       ARRAY[-n, n]
FROM generate_series(1, 150000) AS n,
     LATERAL (SELECT CASE WHEN n % 6 < 4 THEN 0 ELSE n % 6 - 3 END AS shop) AS s
"""

SEARCHES = {
    "ledger_newest_idx": [
        LedgerFilters(),
        LedgerFilters(at_from=START - 401 * DAY, at_to=START - 400 * DAY),
    ],
    "ledger_deposit_idx": [
        LedgerFilters(account=Account.DEPOSIT),
        LedgerFilters(account=Account.DEPOSIT, at_to=START - 400 * DAY),
    ],
    "ledger_escrow_idx": [LedgerFilters(account=Account.ESCROW)],
    "ledger_talent_idx": [LedgerFilters(account=Account.TALENT)],
    "ledger_kind_idx": [LedgerFilters(kind=LedgerKind.TOPPED_UP)],
    "ledger_order_idx": [LedgerFilters(order_id="order-300")],
    "ledger_refund_idx": [LedgerFilters(refund_key="refund-601")],
}


async def test_no_search_of_the_ledger_reads_more_than_a_little(database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        await fill(connection, FILL, PARTITIONS, START)
        await ensure_checkpoints(connection, [LedgerReader().name])
        await connection.execute("VACUUM ANALYZE after_sales.ledger")
        for index, filters in ((index, one) for index, many in SEARCHES.items() for one in many):
            for after in (None, After(START - 300 * DAY, "journal-9")):
                root = await explained(
                    connection, ledger_page(SHOP, filters, after=after, limit=50)
                )
                assert index in indexes_in(root), (filters, indexes_in(root))
                walked = {
                    node.get("Relation Name")
                    for node in nodes(root)
                    if node["Node Type"] == "Seq Scan"
                }
                assert "ledger" not in walked, root
                assert pages_of(root) <= PAGES_MAX, (filters, pages_of(root))
    finally:
        await connection.close()
