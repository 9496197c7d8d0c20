"""The in-site inboxes of consumers and merchants, kept by the reader `notifications`.

Rows never change: what somebody has read is a fact of its own and will have its own table.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from pydantic_core import from_json, to_json
from sqlalchemy import Column, Index, PrimaryKeyConstraint, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.domain.order.events import OrderEvent
from app.event_store.connections import Connection, Queryable
from app.event_store.partitions import partition_of
from app.event_store.recorded import Recorded, Role
from app.event_store.tables import SCHEMA, BytewiseText, metadata
from app.notifications.notification import Notification, notifications_of
from app.notifications.templates import Template
from app.read_models.paging import PAGE_ROWS_MAX, After, Page

notifications = Table(
    "notifications",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("notification_id", Uuid, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("order_id", BytewiseText, nullable=False),
    Column("recipient_role", BytewiseText, nullable=False),
    Column("recipient_id", BytewiseText, nullable=False),
    Column("template", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    PrimaryKeyConstraint("partition_id", "notification_id", name="notifications_pkey"),
    Index(
        "notifications_inbox_idx",
        *("partition_id", "shop_id", "recipient_role", "recipient_id"),
        *("created_at", "notification_id"),
    ),
)

COLUMNS = tuple(notifications.c.keys())

CLEAR_PARTITION = "DELETE FROM after_sales.notifications WHERE partition_id = $1"

# Without a row to go on from, the page begins after the last instant there can be. The first column
# is filled in every row; one row without a notification says that the inbox is empty.
LIST_INBOX = """
SELECT c.position AS current_to, n.notification_id, n.order_id, n.template, n.params, n.created_at
FROM after_sales.checkpoints AS c
LEFT JOIN LATERAL (
    SELECT n.notification_id, n.order_id, n.template, n.params, n.created_at
    FROM after_sales.notifications AS n
    WHERE n.partition_id = $1 AND n.shop_id = $2 AND n.recipient_role = $3
      AND n.recipient_id = $4
      AND (n.created_at, n.notification_id) < (
          coalesce($5, 'infinity'::timestamptz),
          coalesce($6, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
    ORDER BY n.created_at DESC, n.notification_id DESC
    LIMIT $7
) AS n ON true
WHERE c.partition_id = $1 AND c.reader = $8
ORDER BY n.created_at DESC, n.notification_id DESC
"""


@dataclass(frozen=True, slots=True)
class NotificationsReader:
    """Puts messages into inboxes: one COPY a batch, nothing is sent anywhere."""

    name: str = "notifications"

    async def clear(self, connection: Connection, partition_id: int) -> None:
        """Forget a partition's rows."""
        await connection.execute(CLEAR_PARTITION, partition_id)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[OrderEvent]]) -> None:
        """Write the messages of a batch."""
        rows = [
            _row(recorded.partition_id, notification)
            for recorded in batch
            for notification in notifications_of(recorded)
        ]
        if rows:
            await connection.copy_records_to_table(
                notifications.name, schema_name=SCHEMA, columns=COLUMNS, records=rows
            )


async def list_notifications(
    database: Queryable,
    shop_id: str,
    role: Role,
    recipient_id: str,
    *,
    after: After | None = None,
    limit: int = 50,
) -> Page[Notification]:
    """Return a page of an inbox, newest first: a buyer's within a shop, or the shop's own.

    ``limit`` is 1 to `PAGE_ROWS_MAX`, and ``after.id`` a notification's id, else ValueError.
    """
    if not 1 <= limit <= PAGE_ROWS_MAX:
        raise ValueError(f"a page has 1 to {PAGE_ROWS_MAX} rows")
    found = await database.fetch(
        LIST_INBOX,
        *(partition_of(shop_id), shop_id, role.value, recipient_id),
        *((after.created_at, UUID(after.id)) if after else (None, None)),
        limit + 1,
        NotificationsReader().name,
    )
    rows = [row for row in found if row["notification_id"] is not None]
    page = tuple(_from_row(row, shop_id, role, recipient_id) for row in rows[:limit])
    more = len(rows) > limit
    return Page(
        rows=page,
        next=After(page[-1].created_at, str(page[-1].notification_id)) if more else None,
        current_to=found[0]["current_to"] if found else 0,
    )


def _row(partition_id: int, notification: Notification) -> tuple[object, ...]:
    return (
        partition_id,
        notification.notification_id,
        notification.shop_id,
        notification.order_id,
        notification.recipient_role.value,
        notification.recipient_id,
        notification.template.value,
        to_json(notification.params).decode(),
        notification.created_at,
    )


def _from_row(row: asyncpg.Record, shop_id: str, role: Role, recipient_id: str) -> Notification:
    return Notification(
        notification_id=row["notification_id"],
        shop_id=shop_id,
        order_id=row["order_id"],
        recipient_role=role,
        recipient_id=recipient_id,
        template=Template(row["template"]),
        params=from_json(row["params"]),
        created_at=row["created_at"],
    )
