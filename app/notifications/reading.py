"""What recipients have read: facts of their own, which no rebuild of the inbox touches.

A message is read by itself, or with all before it by a mark. Both name positions in the log, which
never change, so that they still fit when the inbox is made anew.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, SmallInteger, Table
from sqlalchemy.dialects.postgresql import TIMESTAMP

from app.event_store.connections import Queryable
from app.event_store.tables import BytewiseText, metadata
from app.notifications.recipient import Recipient

_WHOSE = ("partition_id", "shop_id", "recipient_role", "recipient_id")

notification_reads = Table(
    "notification_reads",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("recipient_role", BytewiseText, nullable=False),
    Column("recipient_id", BytewiseText, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("read_at", TIMESTAMP(timezone=True), nullable=False),
    PrimaryKeyConstraint(*_WHOSE, "position", name="notification_reads_pkey"),
)
"""Messages read one by one."""

inbox_marks = Table(
    "inbox_marks",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("recipient_role", BytewiseText, nullable=False),
    Column("recipient_id", BytewiseText, nullable=False),
    Column("read_through", BigInteger, nullable=False),
    Column("read_at", TIMESTAMP(timezone=True), nullable=False),
    PrimaryKeyConstraint(*_WHOSE, "read_through", name="inbox_marks_pkey"),
)
"""Each time everything up to a position was read; a message was read by the first mark beyond it.

Marks are added and never moved, so that each message keeps the instant it was read at.
"""

# A mark stands at a message, the newest up to where was asked, and beyond the last mark: asking
# twice, or when nothing has come since, adds no row.
READ_THROUGH = """
INSERT INTO after_sales.inbox_marks AS m
    (partition_id, shop_id, recipient_role, recipient_id, read_through, read_at)
SELECT n.partition_id, n.shop_id, n.recipient_role, n.recipient_id, n.position, $6
FROM after_sales.notifications AS n
WHERE n.partition_id = $1 AND n.shop_id = $2 AND n.recipient_role = $3 AND n.recipient_id = $4
  AND n.position <= $5
  AND n.position > coalesce((
      SELECT max(k.read_through) FROM after_sales.inbox_marks AS k
      WHERE k.partition_id = $1 AND k.shop_id = $2 AND k.recipient_role = $3
        AND k.recipient_id = $4), 0)
ORDER BY n.position DESC
LIMIT 1
ON CONFLICT (partition_id, shop_id, recipient_role, recipient_id, read_through) DO NOTHING
RETURNING m.read_through
"""

READ_ONE = """
INSERT INTO after_sales.notification_reads AS r
    (partition_id, shop_id, recipient_role, recipient_id, position, read_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (partition_id, shop_id, recipient_role, recipient_id, position)
    DO UPDATE SET read_at = r.read_at
RETURNING r.read_at
"""


async def read_one(
    database: Queryable, recipient: Recipient, position: int, now: datetime
) -> datetime:
    """Note that the message at a position was read, and return when it first was."""
    row = await database.fetchrow(READ_ONE, *recipient.key, position, now)
    assert row is not None  # noqa: S101 - the statement always returns its row
    read_at: datetime = row["read_at"]
    return read_at


async def read_through(
    database: Queryable, recipient: Recipient, position: int, now: datetime
) -> None:
    """Note that every message up to a position was read. Safe to repeat, at once too."""
    await database.fetch(READ_THROUGH, *recipient.key, position, now)
