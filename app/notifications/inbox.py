"""The in-site inboxes of consumers and merchants: messages, kept by a reader, and what was read.

Rows of messages never change. What a recipient has read is stored apart, so that no rebuild touches
it: message by message, or by a mark that includes all before it. Both refer to positions in the
log, which never change.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.event_store.connections import Connection, Queryable
from app.event_store.recorded_event import Recorded
from app.event_store.tables import BytewiseText, metadata
from app.event_types.registry import ServiceEvent
from app.notifications.notification import Notification, Recipient, RecipientKey, notifications_of
from app.projections.rows import Rebuildable, copy_rows

notifications = sa.Table(
    "notifications",
    metadata,
    sa.Column("partition_id", sa.SmallInteger, nullable=False),
    sa.Column("notification_id", sa.Uuid, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("shop_id", BytewiseText, nullable=False),
    sa.Column("order_id", BytewiseText),
    sa.Column("recipient_role", BytewiseText, nullable=False),
    sa.Column("recipient_id", BytewiseText, nullable=False),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("params", JSONB, nullable=False),
    sa.Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    sa.Column("valid_until", TIMESTAMP(timezone=True)),
    sa.PrimaryKeyConstraint("partition_id", "notification_id", name="notifications_pkey"),
    sa.Index(
        "notifications_inbox_idx",
        *("partition_id", "shop_id", "recipient_role", "recipient_id", "position"),
    ),
    sa.Index("notifications_position_idx", "partition_id", "position"),
)
"""Both indexes are in the log's order: one inbox, and for live streams all new messages."""


class NotificationsReader(Rebuildable):
    """Adds messages to inboxes, one COPY per batch; it sends nothing."""

    name = "notifications"
    tables = (notifications,)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[ServiceEvent]]) -> None:
        """Write the messages of a batch."""
        rows = [
            _row(recorded.partition_id, notification)
            for recorded in batch
            for notification in notifications_of(recorded)
        ]
        await copy_rows(connection, notifications, rows)


def _row(partition_id: int, notification: Notification) -> tuple[object, ...]:
    return (
        partition_id,
        notification.notification_id,
        notification.position,
        notification.shop_id,
        notification.order_id,
        notification.recipient_role.value,
        notification.recipient_id,
        notification.template,
        to_json(notification.params).decode(),
        notification.created_at,
        notification.valid_until,
    )


FIND_GROWN = """
SELECT DISTINCT n.partition_id, n.shop_id, n.recipient_role, n.recipient_id
FROM after_sales.notifications AS n
WHERE n.partition_id = $1 AND n.position > $2 AND n.position <= $3
"""


async def find_grown_inboxes(
    database: Queryable, partition_id: int, after: int, up_to: int
) -> Collection[RecipientKey]:
    """Return the recipients with new messages."""
    rows = await database.fetch(FIND_GROWN, partition_id, after, up_to)
    return [(row[0], row[1], row[2], row[3]) for row in rows]


_WHOSE = ("partition_id", "shop_id", "recipient_role", "recipient_id")

notification_reads = sa.Table(
    "notification_reads",
    metadata,
    sa.Column("partition_id", sa.SmallInteger, nullable=False),
    sa.Column("shop_id", BytewiseText, nullable=False),
    sa.Column("recipient_role", BytewiseText, nullable=False),
    sa.Column("recipient_id", BytewiseText, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("read_at", TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint(*_WHOSE, "position", name="notification_reads_pkey"),
)
"""Messages that were read one by one."""

inbox_marks = sa.Table(
    "inbox_marks",
    metadata,
    sa.Column("partition_id", sa.SmallInteger, nullable=False),
    sa.Column("shop_id", BytewiseText, nullable=False),
    sa.Column("recipient_role", BytewiseText, nullable=False),
    sa.Column("recipient_id", BytewiseText, nullable=False),
    sa.Column("read_through", sa.BigInteger, nullable=False),
    sa.Column("read_at", TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint(*_WHOSE, "read_through", name="inbox_marks_pkey"),
)
"""Marks: everything up to a position was read at an instant. A message was read by the first mark
at or beyond it. Marks are added and never moved, so that each message keeps the instant it was read
at.
"""

# A mark is at the newest message up to the given position, beyond the last mark: repeating the
# request, or making it without new messages, adds no row.
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
    """Record that the message at a position was read, and return when it first was."""
    row = await database.fetchrow(READ_ONE, *recipient.key, position, now)
    assert row is not None  # noqa: S101 - the statement always returns its row
    read_at: datetime = row["read_at"]
    return read_at


async def read_through(
    database: Queryable, recipient: Recipient, position: int, now: datetime
) -> None:
    """Record that all messages up to a position were read. Safe to repeat, also concurrently."""
    await database.fetch(READ_THROUGH, *recipient.key, position, now)
