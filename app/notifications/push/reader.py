"""The reader that queues pushes: each new message for each device its recipient has."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pydantic_core import to_json

from app.event_store.connections import Connection
from app.event_store.recorded_event import ClockKind, Recorded
from app.event_types.registry import ServiceEvent
from app.notifications.notification import Notification, RecipientKey, notifications_of
from app.projections.rows import columns_of

# The partitions are named twice so that Citus sends a batch of one partition to its node.
FIND_DEVICES = """
SELECT d.partition_id, d.shop_id, d.recipient_role, d.recipient_id, d.device_id, d.since_position
FROM after_sales.devices AS d
JOIN unnest($1::smallint[], $2::text[], $3::text[], $4::text[])
    AS k(partition_id, shop_id, recipient_role, recipient_id)
    ON d.partition_id = k.partition_id AND d.shop_id = k.shop_id
    AND d.recipient_role = k.recipient_role AND d.recipient_id = k.recipient_id
WHERE d.partition_id = ANY ($1::smallint[])
"""

# Existing pushes, sent or not, are left unchanged.
QUEUE = """
INSERT INTO after_sales.pushes
    (partition_id, shop_id, recipient_role, recipient_id, notification_id, device_id, template,
     params, clock, valid_until, attempt_at, state, attempts)
SELECT r.partition_id, r.shop_id, r.recipient_role, r.recipient_id, r.notification_id,
       r.device_id, r.template, r.params, r.clock, r.valid_until, r.attempt_at, 'queued', 0
FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[],
            $7::text[], $8::jsonb[], $9::text[], $10::timestamptz[], $11::timestamptz[])
    AS r(partition_id, shop_id, recipient_role, recipient_id, notification_id, device_id,
         template, params, clock, valid_until, attempt_at)
ON CONFLICT (partition_id, notification_id, device_id) DO NOTHING
"""

_AT_ONCE = datetime.fromtimestamp(0, UTC)

_Message = tuple[Recorded[ServiceEvent], Notification]


@dataclass(frozen=True, slots=True, kw_only=True)
class PushesReader:
    """Queues pushes for a worker. It cannot be rebuilt, because it has effects outside.

    Without ``queueing`` it follows the log and queues nothing, so that a provider that is set up
    later does not receive old messages.
    """

    queueing: bool
    name: str = "pushes"

    async def apply(self, connection: Connection, batch: Sequence[Recorded[ServiceEvent]]) -> None:
        """Queue the batch's messages for the devices of their recipients."""
        if not self.queueing:
            return
        messages = [
            (recorded, notification)
            for recorded in batch
            for notification in notifications_of(recorded)
        ]
        rows = list(_rows(messages, await _devices(connection, messages)))
        if rows:
            await connection.execute(QUEUE, *columns_of(rows))


_Devices = defaultdict[RecipientKey, list[tuple[UUID, int]]]


async def _devices(connection: Connection, messages: Sequence[_Message]) -> _Devices:
    """Return the recipients' devices, each with the position of its registration."""
    found: _Devices = defaultdict(list)
    keys = {notification.recipient.key for _, notification in messages}
    if keys:
        for row in await connection.fetch(FIND_DEVICES, *columns_of(keys)):
            found[row[0], row[1], row[2], row[3]].append((row["device_id"], row["since_position"]))
    return found


def _rows(messages: Sequence[_Message], devices: _Devices) -> Iterator[tuple[object, ...]]:
    for recorded, notification in messages:
        key = notification.recipient.key
        for device_id, since_position in devices[key]:
            if notification.position > since_position:
                yield (
                    *key,
                    notification.notification_id,
                    device_id,
                    notification.template,
                    to_json(notification.params).decode(),
                    recorded.metadata.clock.value,
                    notification.valid_until,
                    _due_at(recorded, notification),
                )


def _due_at(recorded: Recorded[ServiceEvent], notification: Notification) -> datetime:
    """Return when it is due by the service's clock; at once for a test clock's message."""
    return notification.created_at if recorded.metadata.clock is ClockKind.SYSTEM else _AT_ONCE
