"""The sandbox's own book: what it paid, when, and under which key."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from app.payments.provider.port import BookFilter, PaymentKind
from app.payments.provider.wire import BookEntryBody, BookPageBody
from tools.sandboxes.payment_provider.store import stored_instant

PAGE = """
SELECT position, kind, key, shop_id, order_id, amount, currency, provider_reference, paid_at
FROM book
WHERE position > :after AND (:shop_id IS NULL OR shop_id = :shop_id)
    AND (:paid_from IS NULL OR paid_at >= :paid_from) AND (:paid_to IS NULL OR paid_at < :paid_to)
ORDER BY position LIMIT :limit
"""

PAGE_OF_KEY = PAGE.replace("FROM book\n", "FROM book INDEXED BY book_of_key\n").replace(
    "WHERE ", "WHERE key = :key AND "
)

# A day is a calendar day in Shanghai; fractions of a second are cut off, for SQLite rounds them.
# It also refuses sums beyond 64 bits, which two amounts can reach: halves are summed apart.
TOTALS = """
SELECT shop_id, date(substr(paid_at, 1, 19), '+8 hours') AS day, kind, currency,
    count(*) AS payments, sum(amount >> 32) AS high, sum(amount & 4294967295) AS low
FROM book WHERE ? IS NULL OR shop_id = ?
GROUP BY shop_id, day, kind, currency ORDER BY day, shop_id, kind, currency
"""


class DayTotal(BaseModel):
    """What a shop's refunds or payouts of a day (in Shanghai) add up to."""

    shop_id: str
    day: str
    kind: PaymentKind
    currency: str
    payments: int
    amount: int


def page(
    connection: sqlite3.Connection, wanted: BookFilter, after: int, limit: int
) -> BookPageBody:
    """Return entries after a position, in the order they were paid."""
    statement = PAGE if wanted.key is None else PAGE_OF_KEY
    rows = connection.execute(statement, _parameters(wanted, after, limit + 1)).fetchall()
    entries = [_entry(row) for row in rows[:limit]]
    return BookPageBody(
        entries=entries, next_after=entries[-1].position if len(rows) > limit else None
    )


def totals(connection: sqlite3.Connection, shop_id: str | None) -> Sequence[DayTotal]:
    """Return the totals of every day."""
    return [
        DayTotal(
            shop_id=row["shop_id"],
            day=row["day"],
            kind=PaymentKind(row["kind"]),
            currency=row["currency"],
            payments=row["payments"],
            amount=(row["high"] << 32) + row["low"],
        )
        for row in connection.execute(TOTALS, (shop_id, shop_id))
    ]


def _parameters(wanted: BookFilter, after: int, limit: int) -> dict[str, str | int | None]:
    paid_from, paid_to = (
        None if at is None else stored_instant(at) for at in (wanted.paid_from, wanted.paid_to)
    )
    return {
        "after": after,
        "limit": limit,
        "shop_id": wanted.shop_id,
        "key": wanted.key,
        "paid_from": paid_from,
        "paid_to": paid_to,
    }


def _entry(row: sqlite3.Row) -> BookEntryBody:
    columns = dict(row)
    return BookEntryBody(
        **{
            **columns,
            "kind": PaymentKind(columns["kind"]),
            "paid_at": datetime.fromisoformat(columns["paid_at"]),
        }
    )
