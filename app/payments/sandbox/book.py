"""The sandbox's own book: what it paid, when, and under which key."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from app.payments.provider import PaymentKind
from app.payments.wire import BookEntryBody, BookPageBody

PAGE = """
SELECT position, kind, key, shop_id, order_id, amount, currency, provider_reference, paid_at
FROM book WHERE position > ? AND (? IS NULL OR shop_id = ?) ORDER BY position LIMIT ?
"""

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
    connection: sqlite3.Connection, after: int, limit: int, shop_id: str | None
) -> BookPageBody:
    """Return entries after a position, in the order they were paid."""
    rows = connection.execute(PAGE, (after, shop_id, shop_id, limit + 1)).fetchall()
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


def _entry(row: sqlite3.Row) -> BookEntryBody:
    columns = dict(row)
    return BookEntryBody(
        **{
            **columns,
            "kind": PaymentKind(columns["kind"]),
            "paid_at": datetime.fromisoformat(columns["paid_at"]),
        }
    )
