"""The queue of pushes: a row for each message and device, with its state.

The reader `pushes` adds rows, which are kept, so that reading the log again queues nothing twice. A
worker claims a row for a lease, sends it, and records the outcome.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
from pydantic import JsonValue
from pydantic_core import from_json
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.event_store.connections import Connection, Queryable
from app.event_store.recorded_event import ClockKind, Role
from app.event_store.streams import PARTITION_COUNT
from app.event_store.tables import BytewiseText, metadata
from app.leased_work.claim import LeasedTable
from app.notifications.notification import Recipient, RecipientKey
from app.postgres.pool import Pool
from app.topology import Topology

_QUEUED = sa.text("state = 'queued'")

pushes = sa.Table(
    "pushes",
    metadata,
    sa.Column("partition_id", sa.SmallInteger, nullable=False),
    sa.Column("notification_id", sa.Uuid, nullable=False),
    sa.Column("device_id", sa.Uuid, nullable=False),
    sa.Column("shop_id", BytewiseText, nullable=False),
    sa.Column("recipient_role", BytewiseText, nullable=False),
    sa.Column("recipient_id", BytewiseText, nullable=False),
    sa.Column("template", sa.Text, nullable=False),
    sa.Column("params", JSONB, nullable=False),
    sa.Column("clock", sa.Text, nullable=False),
    sa.Column("valid_until", TIMESTAMP(timezone=True)),
    sa.Column("state", BytewiseText, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("detail", sa.Text),
    sa.Column("attempts", sa.SmallInteger, nullable=False),
    sa.Column("attempt_at", TIMESTAMP(timezone=True), nullable=False),
    sa.Column("held_until", TIMESTAMP(timezone=True)),
    sa.Column("claimed_until", TIMESTAMP(timezone=True)),
    sa.Column("settled_at", TIMESTAMP(timezone=True)),
    sa.Column("claim", sa.Uuid),
    sa.PrimaryKeyConstraint("partition_id", "notification_id", "device_id", name="pushes_pkey"),
    sa.Index("pushes_due_idx", "partition_id", "attempt_at", postgresql_where=_QUEUED),
    sa.Index("pushes_device_idx", "partition_id", "device_id", postgresql_where=_QUEUED),
    sa.Index(
        "pushes_recipient_idx",
        *("partition_id", "shop_id", "recipient_role", "recipient_id"),
        postgresql_where=_QUEUED,
    ),
)
"""``attempt_at`` and ``claimed_until`` are by the service's clock; ``valid_until``, ``held_until``
(the end of quiet hours) and ``settled_at`` by the shop's, whose kind is ``clock``.

``attempts`` counts claims that led to a call; ``claim`` is the token of the present one.
"""


class PushState(StrEnum):
    """The state of a push to one device."""

    QUEUED = "queued"
    SENT = "sent"
    """The provider accepted it."""
    FAILED = "failed"
    EXPIRED = "expired"
    """The event it reminds of happened before it could be sent."""
    SKIPPED = "skipped"
    """Its recipient switched it off, or removed the device."""


class PushReason(StrEnum):
    """Why a push was not sent."""

    TOKEN_NO_LONGER_VALID = "token_no_longer_valid"  # noqa: S105 - a name, no secret
    REFUSED_BY_PROVIDER = "refused_by_provider"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    NO_LONGER_VALID = "no_longer_valid"
    SWITCHED_OFF = "switched_off"
    DEVICE_REMOVED = "device_removed"


QUEUE = LeasedTable(
    "pushes",
    key=("notification_id", "device_id"),
    columns=(
        *("shop_id", "recipient_role", "recipient_id"),
        *("template", "params", "clock", "valid_until"),
    ),
    partitions=PARTITION_COUNT,
    due="w.state = 'queued' AND w.attempt_at <= $2",
    oldest="attempt_at",
    counts="attempts",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PushKey:
    """The key of a push: a message to a device."""

    partition_id: int
    notification_id: UUID
    device_id: UUID

    @property
    def message_id(self) -> UUID:
        """The id at the provider, the same at every attempt."""
        return uuid5(self.notification_id, str(self.device_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedPush:
    """A push under a lease, with the token ``claim``.

    ``attempt``: the number of claims to send it, including this one.
    """

    key: PushKey
    recipient: Recipient
    template: str
    params: Mapping[str, JsonValue]
    clock: ClockKind
    valid_until: datetime | None
    attempt: int
    claim: UUID

    @property
    def place(self) -> tuple[int, UUID, UUID, UUID]:
        """The key of the row, with the token of the claim."""
        key = self.key
        return key.partition_id, key.notification_id, key.device_id, self.claim


# A success is recorded in any case, any other outcome only for the present claim.
SETTLE = """
UPDATE after_sales.pushes AS p
SET state = $5, reason = $6, detail = $7, settled_at = $8, claimed_until = NULL, held_until = NULL
WHERE p.partition_id = $1 AND p.notification_id = $2 AND p.device_id = $3
  AND p.state = 'queued' AND ($5 = 'sent' OR p.claim = $4)
"""

PUT_OFF = """
UPDATE after_sales.pushes AS p
SET attempt_at = $5, held_until = $6, detail = $7, attempts = p.attempts - $8,
    claimed_until = NULL
WHERE p.partition_id = $1 AND p.notification_id = $2 AND p.device_id = $3
  AND p.state = 'queued' AND p.claim = $4
"""

SKIP_QUEUED = """
UPDATE after_sales.pushes AS p
SET state = 'skipped', reason = 'device_removed', settled_at = $3, claimed_until = NULL,
    held_until = NULL
WHERE p.partition_id = $1 AND p.device_id = $2 AND p.state = 'queued'
"""

# Held pushes are checked again after a change of preferences.
RECONSIDER = """
UPDATE after_sales.pushes AS p
SET attempt_at = $5, held_until = NULL
WHERE p.partition_id = $1 AND p.shop_id = $2 AND p.recipient_role = $3 AND p.recipient_id = $4
  AND p.state = 'queued' AND p.held_until IS NOT NULL
"""


async def claim_pushes(
    pool: Pool, topology: Topology, now: datetime, until: datetime, rows_max: int
) -> list[ClaimedPush]:
    """Claim due pushes, longest waiting first, up to a number, until the lease ends."""
    return [_claimed(row) for row in await QUEUE.claim(pool, topology, now, until, rows_max)]


async def settle(
    database: Queryable,
    push: ClaimedPush,
    state: PushState,
    now: datetime,
    *,
    reason: PushReason | None = None,
    detail: str | None = None,
) -> None:
    """Record a push's final state, unless it is settled or has a later claim."""
    why = None if reason is None else reason.value
    await database.fetch(SETTLE, *push.place, state.value, why, detail, now)


async def retry_at(database: Queryable, push: ClaimedPush, at: datetime, detail: str) -> None:
    """Schedule another attempt."""
    await database.fetch(PUT_OFF, *push.place, at, None, detail, 0)


async def hold_until(
    database: Queryable, push: ClaimedPush, until: datetime, look_again_at: datetime
) -> None:
    """Hold a push for quiet hours, which does not count as an attempt.

    ``until`` is by the shop's clock, ``look_again_at`` by the service's.
    """
    await database.fetch(PUT_OFF, *push.place, look_again_at, until, None, 1)


async def skip_queued(
    connection: Connection, partition_id: int, device_id: UUID, now: datetime
) -> None:
    """Skip the queued pushes of a removed device."""
    await connection.execute(SKIP_QUEUED, partition_id, device_id, now)


async def reconsider_held(database: Queryable, recipient: RecipientKey, now: datetime) -> None:
    """Make the held pushes of a recipient due now."""
    await database.fetch(RECONSIDER, *recipient, now)


def _claimed(row: Mapping[str, Any]) -> ClaimedPush:
    return ClaimedPush(
        key=PushKey(
            partition_id=row["partition_id"],
            notification_id=row["notification_id"],
            device_id=row["device_id"],
        ),
        recipient=Recipient(
            shop_id=row["shop_id"], role=Role(row["recipient_role"]), id=row["recipient_id"]
        ),
        template=row["template"],
        params=from_json(row["params"]),
        clock=ClockKind(row["clock"]),
        valid_until=row["valid_until"],
        attempt=row["attempts"],
        claim=row["claim"],
    )
