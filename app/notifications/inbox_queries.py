"""Queries of an inbox: pages newest first, one message, the unread count, new messages."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
from pydantic_core import from_json

from app.event_store.connections import Queryable
from app.event_store.streams import partition_of
from app.notifications.inbox import NotificationsReader
from app.notifications.notification import Notification, Recipient
from app.projections.paging import PAGE_ROWS_MAX

UNREAD_COUNTED_MAX = 999
UNREAD_LOOKED_AT_MAX = 2_000
"""The maximum number of messages after the last mark that are scanned to count unread ones."""

POSITION_MAX = 2**63 - 1

_COLUMNS = """n.position, n.notification_id, n.order_id, n.template, n.params, n.created_at,
           n.valid_until"""

_OWN = """n.partition_id = $1 AND n.shop_id = $2 AND n.recipient_role = $3
      AND n.recipient_id = $4"""

_READ = """r.partition_id = $1 AND r.shop_id = $2 AND r.recipient_role = $3
            AND r.recipient_id = $4 AND r.position = n.position"""

# When a message was read: singly, or by the first mark at or beyond it.
_READ_AT = f"""least(
               (SELECT r.read_at FROM after_sales.notification_reads AS r WHERE {_READ}),
               (SELECT m.read_at FROM after_sales.inbox_marks AS m
                WHERE m.partition_id = $1 AND m.shop_id = $2 AND m.recipient_role = $3
                  AND m.recipient_id = $4 AND m.read_through >= n.position
                ORDER BY m.read_through LIMIT 1)) AS read_at"""

_LAST_MARK = """coalesce((
          SELECT max(m.read_through) FROM after_sales.inbox_marks AS m
          WHERE m.partition_id = $1 AND m.shop_id = $2 AND m.recipient_role = $3
            AND m.recipient_id = $4), 0)"""

_UNREAD = f"""n.position > {_LAST_MARK}
      AND NOT EXISTS (SELECT FROM after_sales.notification_reads AS r WHERE {_READ})"""

# Every row has the first column; an empty page is one row without a message.
_PAGE = f"""
SELECT c.position AS current_to, n.*
FROM after_sales.checkpoints AS c
LEFT JOIN LATERAL (
    SELECT {_COLUMNS},
           {{read_at}}
    FROM after_sales.notifications AS n
    WHERE {_OWN}
      AND n.position < $5
      AND {{wanted}}
    ORDER BY n.position DESC
    LIMIT $6
) AS n ON true
WHERE c.partition_id = $1 AND c.reader = $7
ORDER BY n.position DESC
"""

LIST_INBOX = _PAGE.format(read_at=_READ_AT, wanted="true")
LIST_UNREAD = _PAGE.format(read_at="NULL::timestamptz AS read_at", wanted=_UNREAD)

LIST_AFTER = f"""
SELECT {_COLUMNS},
           {_READ_AT}
FROM after_sales.notifications AS n
WHERE {_OWN}
  AND n.position > $5
ORDER BY n.position
LIMIT $6
"""

# Found by its id, and then compared with its owner: a cached plan could otherwise scan a whole
# inbox.
FETCH_ONE = f"""
WITH n AS MATERIALIZED (
    SELECT n.partition_id, n.shop_id, n.recipient_role, n.recipient_id,
           {_COLUMNS}
    FROM after_sales.notifications AS n
    WHERE n.partition_id = $1 AND n.notification_id = $5
)
SELECT {_COLUMNS},
           {_READ_AT}
FROM n
WHERE {_OWN}
"""

FIND_ENDS = """
SELECT h.position AS head, c.position AS current_to
FROM after_sales.log_heads AS h
LEFT JOIN after_sales.checkpoints AS c ON c.partition_id = h.partition_id AND c.reader = $2
WHERE h.partition_id = $1
"""

COUNT_UNREAD = f"""
SELECT c.position AS current_to, u.unread, u.looked_at
FROM after_sales.checkpoints AS c
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE l.unread) AS unread, count(*) AS looked_at
    FROM (
        SELECT NOT EXISTS (
            SELECT FROM after_sales.notification_reads AS r WHERE {_READ}) AS unread
        FROM after_sales.notifications AS n
        WHERE {_OWN}
          AND n.position > {_LAST_MARK}
        ORDER BY n.position DESC
        LIMIT $5
    ) AS l
) AS u ON true
WHERE c.partition_id = $1 AND c.reader = $6
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxMessage:
    """A message and when it was read, None if unread."""

    notification: Notification
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """Messages newest first. ``next``: the next page is before this position; None at the end.

    ``current_to`` is the reader's position in the shop's partition.
    """

    messages: tuple[InboxMessage, ...]
    next: int | None
    current_to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEnds:
    """The position of the reader in a shop's partition, and of the log."""

    current_to: int
    head: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """The number of unread messages, up to 999; ``more``: there may be more."""

    count: int
    more: bool
    current_to: int


async def list_inbox(
    database: Queryable,
    recipient: Recipient,
    *,
    unread_only: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> InboxPage:
    """Return a page of an inbox, newest first: all messages, or only unread ones.

    ``limit`` is 1 to `PAGE_ROWS_MAX`, else ValueError.
    """
    if not 1 <= limit <= PAGE_ROWS_MAX:
        raise ValueError(f"a page has 1 to {PAGE_ROWS_MAX} rows")
    found = await database.fetch(
        LIST_UNREAD if unread_only else LIST_INBOX,
        *recipient.key,
        POSITION_MAX if before is None else before,
        limit + 1,
        NotificationsReader.name,
    )
    rows = [row for row in found if row["notification_id"] is not None]
    return InboxPage(
        messages=tuple(_message(row, recipient) for row in rows[:limit]),
        next=rows[limit - 1]["position"] if len(rows) > limit else None,
        current_to=found[0]["current_to"] if found else 0,
    )


async def list_after(
    database: Queryable, recipient: Recipient, position: int, *, limit: int
) -> list[InboxMessage]:
    """Return the messages after a position, oldest first.

    A later message always has a higher position than all visible before.
    """
    rows = await database.fetch(LIST_AFTER, *recipient.key, position, limit)
    return [_message(row, recipient) for row in rows]


async def find_ends(database: Queryable, shop_id: str) -> InboxEnds:
    """Return the positions of the reader and of the log in a shop's partition."""
    row = await database.fetchrow(FIND_ENDS, partition_of(shop_id), NotificationsReader.name)
    assert row is not None  # noqa: S101 - every partition has its head
    return InboxEnds(current_to=row["current_to"] or 0, head=row["head"])


async def fetch_message(
    database: Queryable, recipient: Recipient, notification_id: UUID
) -> InboxMessage | None:
    """Return one of the recipient's messages; None if there is none with this id."""
    row = await database.fetchrow(FETCH_ONE, *recipient.key, notification_id)
    return None if row is None else _message(row, recipient)


async def count_unread(database: Queryable, recipient: Recipient) -> Unread:
    """Count unread messages, scanning a bounded number of messages."""
    row = await database.fetchrow(
        COUNT_UNREAD, *recipient.key, UNREAD_LOOKED_AT_MAX, NotificationsReader.name
    )
    if row is None:
        return Unread(count=0, more=False, current_to=0)
    return Unread(
        count=min(row["unread"], UNREAD_COUNTED_MAX),
        more=row["unread"] > UNREAD_COUNTED_MAX or row["looked_at"] == UNREAD_LOOKED_AT_MAX,
        current_to=row["current_to"],
    )


def _message(row: asyncpg.Record, recipient: Recipient) -> InboxMessage:
    return InboxMessage(
        notification=Notification(
            notification_id=row["notification_id"],
            position=row["position"],
            shop_id=recipient.shop_id,
            order_id=row["order_id"],
            recipient_role=recipient.role,
            recipient_id=recipient.id,
            template=row["template"],
            params=from_json(row["params"]),
            created_at=row["created_at"],
            valid_until=row["valid_until"],
        ),
        read_at=row["read_at"],
    )
