"""In whose inboxes there is something new."""

from collections.abc import Collection
from dataclasses import dataclass

from app.event_store.connections import Queryable
from app.notifications.inbox import NotificationsReader
from app.notifications.recipient import RecipientKey

FIND_GROWN = """
SELECT DISTINCT n.partition_id, n.shop_id, n.recipient_role, n.recipient_id
FROM after_sales.notifications AS n
WHERE n.partition_id = $1 AND n.position > $2 AND n.position <= $3
"""


@dataclass(frozen=True, slots=True)
class InboxGrowth:
    """Inboxes grow by their recipients' messages."""

    reader: str = NotificationsReader().name

    def partition_of(self, key: RecipientKey) -> int:
        """Return the partition an inbox is in."""
        return key[0]

    async def grown(
        self, database: Queryable, partition_id: int, after: int, up_to: int
    ) -> Collection[RecipientKey]:
        """Return whose inboxes have new messages."""
        rows = await database.fetch(FIND_GROWN, partition_id, after, up_to)
        return [(row[0], row[1], row[2], row[3]) for row in rows]
