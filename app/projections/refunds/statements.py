"""The statement of a month: a shop's refunds past the after-sales period whose money arrived in it.

Oldest first, with totals for each source and for all. A refund belongs to the month in which it
succeeded, in Asia/Shanghai.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from app.domain.calendar_month import CalendarMonth
from app.domain.refunds import FundingSource, Shares
from app.event_store.connections import Queryable
from app.event_store.streams import partition_of
from app.postgres.pool import Pool
from app.projections.paging import PAGE_ROWS_MAX, After
from app.projections.refunds.apply import RefundsReader
from app.projections.refunds.table import REFUNDS
from app.projections.refunds.view import ShopRefund

FETCH_PAGE = """
SELECT r.succeeded_at, r.ticket_id, r.doc
FROM after_sales.refunds AS r
WHERE r.partition_id = $1 AND r.shop_id = $2 AND r.overdue AND r.succeeded_at IS NOT NULL
  AND r.succeeded_at < $3 AND (r.succeeded_at, r.ticket_id) >= ($4, $5)
ORDER BY r.succeeded_at, r.ticket_id
LIMIT $6
"""

FETCH_TOTALS = """
SELECT r.doc->>'currency' AS currency, r.source, count(*) AS refunds,
       sum((r.doc->>'amount')::bigint) AS amount,
       sum((r.doc->'fees_kept'->>'talent')::bigint) AS talent,
       sum((r.doc->'fees_kept'->>'agency')::bigint) AS agency,
       sum((r.doc->'fees_kept'->>'service_fee')::bigint) AS service_fee,
       sum(coalesce((r.doc->>'borne')::bigint, (r.doc->>'amount')::bigint)) AS borne
FROM after_sales.refunds AS r
WHERE r.partition_id = $1 AND r.shop_id = $2 AND r.overdue AND r.succeeded_at IS NOT NULL
  AND r.succeeded_at >= $3 AND r.succeeded_at < $4
GROUP BY 1, 2
ORDER BY 1, 2
"""

FETCH_POSITION = """
SELECT c.position FROM after_sales.checkpoints AS c WHERE c.partition_id = $1 AND c.reader = $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTotal:
    """What a number of refunds come to, in minor units of ``currency``.

    ``source`` is None in the moment before the ledger's event of a refund is read.
    """

    currency: str
    source: FundingSource | None
    refunds: int
    amount: int
    fees_kept: Shares
    borne: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPage:
    """A part of a statement, oldest first, and the totals of the whole.

    ``next``: the first row of what follows, None at the end. ``current_to``: the position in the
    shop's partition up to which all of it knows of events.
    """

    refunds: tuple[ShopRefund, ...]
    totals: tuple[SourceTotal, ...]
    next: After | None
    current_to: int


def borne_of(refund: ShopRefund) -> int:
    """Return what the shop bears of a refund past the period: all of it, minor units."""
    return refund.amount if refund.borne is None else refund.borne


async def fetch_statement(
    pool: Pool, shop_id: str, month: CalendarMonth, *, begin: After | None = None, limit: int
) -> StatementPage:
    """Return up to ``limit`` refunds of a month and its totals, all as of one instant."""
    key = partition_of(shop_id), shop_id
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        position = await connection.fetchval(FETCH_POSITION, key[0], RefundsReader.name)
        totals = await connection.fetch(FETCH_TOTALS, *key, month.begins_at, month.ends_at)
        found, following = await _fetch_page(connection, shop_id, month, begin, limit)
    return StatementPage(
        refunds=found,
        totals=tuple(
            SourceTotal(
                currency=row["currency"],
                source=None if row["source"] is None else FundingSource(row["source"]),
                refunds=row["refunds"],
                amount=int(row["amount"]),
                fees_kept=Shares(
                    shop=0,
                    talent=int(row["talent"]),
                    agency=int(row["agency"]),
                    service_fee=int(row["service_fee"]),
                ),
                borne=int(row["borne"]),
            )
            for row in totals
        ),
        next=following,
        current_to=position or 0,
    )


async def all_of_statement(
    pool: Pool, shop_id: str, month: CalendarMonth
) -> AsyncIterator[tuple[ShopRefund, ...]]:
    """Yield page after page of a month's refunds; between them no connection is held."""
    begin: After | None = None
    while True:
        found, begin = await _fetch_page(pool, shop_id, month, begin, PAGE_ROWS_MAX)
        yield found
        if begin is None:
            return


async def _fetch_page(
    database: Queryable, shop_id: str, month: CalendarMonth, begin: After | None, limit: int
) -> tuple[tuple[ShopRefund, ...], After | None]:
    """Return refunds from a row on, that row included, and the row that follows them."""
    first = begin or After(month.begins_at, "")
    rows = await database.fetch(
        FETCH_PAGE,
        partition_of(shop_id),
        shop_id,
        month.ends_at,
        first.at,
        first.id,
        limit + 1,
    )
    following = rows[limit] if len(rows) > limit else None
    return (
        tuple(REFUNDS.view_of(row["doc"]) for row in rows[:limit]),
        None if following is None else After(following["succeeded_at"], following["ticket_id"]),
    )


def added_up(totals: tuple[SourceTotal, ...]) -> tuple[SourceTotal, ...]:
    """Return the totals of all sources together, one for each currency."""
    return tuple(
        _sum([one for one in totals if one.currency == currency])
        for currency in dict.fromkeys(one.currency for one in totals)
    )


def _sum(totals: list[SourceTotal]) -> SourceTotal:
    return SourceTotal(
        currency=totals[0].currency,
        source=None,
        refunds=sum(one.refunds for one in totals),
        amount=sum(one.amount for one in totals),
        fees_kept=Shares(
            shop=0,
            talent=sum(one.fees_kept.talent for one in totals),
            agency=sum(one.fees_kept.agency for one in totals),
            service_fee=sum(one.fees_kept.service_fee for one in totals),
        ),
        borne=sum(one.borne for one in totals),
    )
