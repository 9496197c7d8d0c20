"""The state of messages in the push channel, for their recipient."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from app.event_store.connections import Queryable
from app.event_store.streams import partition_of
from app.notifications.push.queue import PushReason, PushState

FIND_STATES = """
SELECT p.notification_id, p.state, p.reason, p.held_until, p.attempt_at, p.attempts, p.settled_at
FROM after_sales.pushes AS p
WHERE p.partition_id = $1 AND p.notification_id = ANY ($2::uuid[])
ORDER BY p.notification_id, p.device_id
"""

_BEST_FIRST = (
    PushState.SENT,
    PushState.QUEUED,
    PushState.FAILED,
    PushState.EXPIRED,
    PushState.SKIPPED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedTo:
    """The state of a message on its device or, of several, on the one with the best state.

    ``send_after``: the time of the next attempt, if it is queued and was held or tried before.
    """

    state: PushState
    reason: PushReason | None
    send_after: datetime | None
    settled_at: datetime | None
    devices: int


async def find_push_states(
    database: Queryable, shop_id: str, notification_ids: Collection[UUID]
) -> Mapping[UUID, PushedTo]:
    """Return the push states of messages of a shop, without those that went to no device."""
    if not notification_ids:
        return {}
    rows = await database.fetch(FIND_STATES, partition_of(shop_id), list(notification_ids))
    by_message: defaultdict[UUID, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        by_message[row["notification_id"]].append(row)
    return {message: _summed_up(found) for message, found in by_message.items()}


def _summed_up(rows: Sequence[asyncpg.Record]) -> PushedTo:
    best = min(rows, key=lambda row: _BEST_FIRST.index(PushState(row["state"])))
    return PushedTo(
        state=PushState(best["state"]),
        reason=None if best["reason"] is None else PushReason(best["reason"]),
        send_after=_send_after(best),
        settled_at=best["settled_at"],
        devices=len(rows),
    )


def _send_after(row: asyncpg.Record) -> datetime | None:
    if row["state"] != PushState.QUEUED.value:
        return None
    at: datetime | None = row["held_until"] or (row["attempt_at"] if row["attempts"] else None)
    return at
