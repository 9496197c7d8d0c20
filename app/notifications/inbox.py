"""The in-site inboxes of consumers and merchants, kept by the reader `notifications`.

Rows never change: what somebody has read is a fact of its own, in app/notifications/reading.py.
"""

from collections.abc import Sequence

from pydantic_core import to_json
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.event_store.connections import Connection
from app.event_store.recorded_event import Recorded
from app.event_store.tables import BytewiseText, metadata
from app.event_types.registry import ServiceEvent
from app.notifications.notification import Notification, notifications_of
from app.projections.rows import Rebuildable, copy_rows

notifications = Table(
    "notifications",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("notification_id", Uuid, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("order_id", BytewiseText),
    Column("recipient_role", BytewiseText, nullable=False),
    Column("recipient_id", BytewiseText, nullable=False),
    Column("template", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("valid_until", TIMESTAMP(timezone=True)),
    PrimaryKeyConstraint("partition_id", "notification_id", name="notifications_pkey"),
    Index(
        "notifications_inbox_idx",
        *("partition_id", "shop_id", "recipient_role", "recipient_id", "position"),
    ),
    Index("notifications_position_idx", "partition_id", "position"),
)
"""Both orders are the log's: an inbox by its recipient, and for live streams whatever is new."""


class NotificationsReader(Rebuildable):
    """Puts messages into inboxes: one COPY a batch, nothing is sent anywhere."""

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
