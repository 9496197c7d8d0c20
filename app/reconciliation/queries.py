"""What reconciliation reads of our own side. Each statement stays within one partition."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.funds.accounts import Account
from app.event_store.connections import Queryable
from app.event_store.streams import partition_of
from app.projections.ledger.entry import LedgerEntry
from app.projections.ledger.table import COLUMNS, entry_from_row
from app.projections.tickets.table import TICKETS
from app.projections.tickets.view import TicketView
from app.reconciliation.facts import Period

# Streams are named by shop, so the next shop is one step in their index. Past all streams of a
# shop lies what begins with its name and "0", which follows "/".
NEXT_SHOP_WITH_ORDERS = """
SELECT split_part(e.stream_id, '/', 2)
FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id < 'order0'
  AND e.stream_id > CASE WHEN $2::text IS NULL THEN 'order/' ELSE 'order/' || $2 || '0' END
ORDER BY e.stream_id
LIMIT 1
"""

NEXT_SHOP_WITH_FUNDS = """
SELECT split_part(e.stream_id, '/', 2)
FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id < 'funds0' AND e.stream_id > 'funds/' || $2
ORDER BY e.stream_id
LIMIT 1
"""

HAS_ORDERS = """
SELECT EXISTS (
    SELECT FROM after_sales.events AS e
    WHERE e.partition_id = $1 AND e.stream_id > 'order/' || $2 || '/'
      AND e.stream_id < 'order/' || $2 || '0'
)
"""

HAS_FUNDS = """
SELECT EXISTS (
    SELECT FROM after_sales.events AS e WHERE e.partition_id = $1 AND e.stream_id = 'funds/' || $2
)
"""

LEDGER_KEYS = """
SELECT DISTINCT l.refund_key
FROM after_sales.ledger AS l
WHERE l.partition_id = $1 AND l.shop_id = $2 AND l.refund_key > $3
  AND ($4::timestamptz IS NULL OR l.at >= $4) AND ($5::timestamptz IS NULL OR l.at < $5)
ORDER BY l.refund_key
LIMIT $6
"""

LEDGER_OF_KEYS = f"""
SELECT {", ".join(f"l.{column}" for column in COLUMNS)}
FROM after_sales.ledger AS l
WHERE l.partition_id = $1 AND l.shop_id = $2 AND l.refund_key = ANY ($3::text[])
ORDER BY l.refund_key, l.position
"""

TICKETS_WITH_MONEY = """
SELECT t.ticket_id, t.doc
FROM after_sales.tickets AS t
WHERE t.partition_id = $1 AND t.shop_id = $2 AND t.ticket_id > $3
  AND t.state IN ('refunding', 'succeeded')
ORDER BY t.ticket_id
LIMIT $4
"""

TICKETS_OF_IDS = """
SELECT t.doc
FROM after_sales.tickets AS t
WHERE t.partition_id = $1 AND t.shop_id = $2 AND t.ticket_id = ANY ($3::text[])
"""

# One statement, so that balances and journals are of one instant.
UNEQUAL_BALANCES = """
WITH f AS (
    SELECT j.account, sum(j.amount) AS amount
    FROM after_sales.ledger AS l
    CROSS JOIN LATERAL unnest(l.accounts, l.amounts) AS j(account, amount)
    WHERE l.partition_id = $1 AND l.shop_id = $2
    GROUP BY j.account
), b AS (
    SELECT b.account, b.balance
    FROM after_sales.balances AS b
    WHERE b.partition_id = $1 AND b.shop_id = $2
)
SELECT coalesce(f.account, b.account) AS account, coalesce(f.amount, 0) AS expected,
       coalesce(b.balance, 0) AS found
FROM f FULL JOIN b ON f.account = b.account
WHERE coalesce(f.amount, 0) <> coalesce(b.balance, 0)
ORDER BY 1
"""

LEDGER_SUMS = """
SELECT c.position, j.account, j.amount
FROM after_sales.checkpoints AS c
LEFT JOIN LATERAL (
    SELECT k.account, sum(k.amount) AS amount
    FROM after_sales.ledger AS l
    CROSS JOIN LATERAL unnest(l.accounts, l.amounts) AS k(account, amount)
    WHERE l.partition_id = c.partition_id AND l.shop_id = $2
    GROUP BY k.account
) AS j ON true
WHERE c.partition_id = $1 AND c.reader = 'ledger'
"""

READERS_OF_PARTITION = """
SELECT c.reader, c.position, c.status, c.error
FROM after_sales.checkpoints AS c
WHERE c.partition_id = $1 AND c.reader = ANY ($2::text[])
ORDER BY c.reader
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnequalBalance:
    """An account whose balance is not what its journals add up to, in minor units."""

    account: Account
    expected: int
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSums:
    """What the ledger has of a shop, account by account, as of a position of its partition."""

    position: int
    of: Mapping[Account, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderPlace:
    """How far a reader that keeps the books has come."""

    reader: str
    position: int
    stopped: bool
    error: str | None


async def shops_of_partition(database: Queryable, partition_id: int) -> AsyncIterator[str]:
    """Yield the shops of a partition, a query each: those with orders, then those with money only.

    Each of the two goes by its own order: that of the names of streams.
    """
    shop_id: str | None = None
    while shop_id := await _only(database, NEXT_SHOP_WITH_ORDERS, partition_id, shop_id):
        yield shop_id
    shop_id = ""
    while shop_id := await _only(database, NEXT_SHOP_WITH_FUNDS, partition_id, shop_id):
        if not await _only(database, HAS_ORDERS, partition_id, shop_id):
            yield shop_id


async def is_known_shop(database: Queryable, shop_id: str) -> bool:
    """Return whether a shop has orders or money here."""
    of_shop = partition_of(shop_id), shop_id
    return any([await _only(database, query, *of_shop) for query in (HAS_ORDERS, HAS_FUNDS)])


async def ledger_keys(
    database: Queryable, shop_id: str, period: Period, after: str, limit: int
) -> list[str]:
    """Return a shop's next keys that have a journal within a period."""
    of_shop = partition_of(shop_id), shop_id, after
    rows = await database.fetch(LEDGER_KEYS, *of_shop, period.at_from, period.at_to, limit)
    return [row["refund_key"] for row in rows]


async def ledger_of_keys(
    database: Queryable, shop_id: str, keys: Sequence[str]
) -> Mapping[str, list[LedgerEntry]]:
    """Return the journals of some keys, each in the order they were booked."""
    found: defaultdict[str, list[LedgerEntry]] = defaultdict(list)
    for row in await database.fetch(LEDGER_OF_KEYS, partition_of(shop_id), shop_id, list(keys)):
        found[row["refund_key"]].append(entry_from_row(dict(row)))
    return found


async def tickets_with_money(
    database: Queryable, shop_id: str, after: str, limit: int
) -> list[TicketView]:
    """Return a shop's next tickets that have come as far as their refund."""
    rows = await database.fetch(TICKETS_WITH_MONEY, partition_of(shop_id), shop_id, after, limit)
    return [TICKETS.view_of(row["doc"]) for row in rows]


async def tickets_of_ids(
    database: Queryable, shop_id: str, ticket_ids: Sequence[str]
) -> list[TicketView]:
    """Return those of the tickets that there are."""
    rows = await database.fetch(TICKETS_OF_IDS, partition_of(shop_id), shop_id, list(ticket_ids))
    return [TICKETS.view_of(row["doc"]) for row in rows]


async def unequal_balances(database: Queryable, shop_id: str) -> list[UnequalBalance]:
    """Return the accounts whose balances are not what their journals add up to."""
    rows = await database.fetch(UNEQUAL_BALANCES, partition_of(shop_id), shop_id)
    return [
        UnequalBalance(
            account=Account(row["account"]), expected=int(row["expected"]), found=int(row["found"])
        )
        for row in rows
    ]


async def ledger_sums(database: Queryable, shop_id: str) -> LedgerSums | None:
    """Return what the ledger has of each account; None where its reader has never run."""
    rows = await database.fetch(LEDGER_SUMS, partition_of(shop_id), shop_id)
    if not rows:
        return None
    return LedgerSums(
        position=rows[0]["position"],
        of={
            Account(row["account"]): int(row["amount"])
            for row in rows
            if row["account"] is not None
        },
    )


async def readers_of_partition(
    database: Queryable, partition_id: int, readers: Sequence[str]
) -> list[ReaderPlace]:
    """Return how far some readers have come in a partition."""
    rows = await database.fetch(READERS_OF_PARTITION, partition_id, list(readers))
    return [
        ReaderPlace(
            reader=row["reader"],
            position=row["position"],
            stopped=row["status"] == "stopped",
            error=row["error"],
        )
        for row in rows
    ]


async def _only(database: Queryable, query: str, *args: object) -> Any:
    rows = await database.fetch(query, *args)
    return rows[0][0] if rows else None


async def real_now(database: Queryable) -> datetime:
    """Return the database's time, which events are recorded by even for shops with a test clock."""
    (row,) = await database.fetch("SELECT clock_timestamp()")
    now: datetime = row[0]
    return now
