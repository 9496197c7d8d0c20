"""What is to be pushed to which device, and what became of it: a row for each.

Rows come from the reader `pushes` and stay: reading the log again finds them there, so that nothing
is ever sent twice. A worker claims a row for a while, sends it, and records the outcome; a claim
that runs out is somebody else's.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from sqlalchemy import (
    Column,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.event_store.connections import Connection, Queryable
from app.event_store.tables import BytewiseText, metadata
from app.notifications.recipient import RecipientKey

_QUEUED = text("state = 'queued'")

pushes = Table(
    "pushes",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("notification_id", Uuid, nullable=False),
    Column("device_id", Uuid, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("recipient_role", BytewiseText, nullable=False),
    Column("recipient_id", BytewiseText, nullable=False),
    Column("template", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("clock", Text, nullable=False),
    Column("valid_until", TIMESTAMP(timezone=True)),
    Column("state", BytewiseText, nullable=False),
    Column("reason", Text),
    Column("detail", Text),
    Column("attempts", SmallInteger, nullable=False),
    Column("attempt_at", TIMESTAMP(timezone=True), nullable=False),
    Column("held_until", TIMESTAMP(timezone=True)),
    Column("claimed_until", TIMESTAMP(timezone=True)),
    Column("settled_at", TIMESTAMP(timezone=True)),
    Column("claim", Uuid),
    PrimaryKeyConstraint("partition_id", "notification_id", "device_id", name="pushes_pkey"),
    Index("pushes_due_idx", "partition_id", "attempt_at", postgresql_where=_QUEUED),
    Index("pushes_device_idx", "partition_id", "device_id", postgresql_where=_QUEUED),
    Index(
        "pushes_recipient_idx",
        *("partition_id", "shop_id", "recipient_role", "recipient_id"),
        postgresql_where=_QUEUED,
    ),
)
"""``attempt_at`` and ``claimed_until`` are by the service's clock; ``valid_until``, ``held_until``
(the end of quiet hours) and ``settled_at`` by the shop's, which ``clock`` says the kind of.

``attempts`` counts claims that led to a call; it also tells the present claim from earlier ones.
"""


class PushState(StrEnum):
    """What became of a push to one device."""

    QUEUED = "queued"
    SENT = "sent"
    """A provider took it."""
    FAILED = "failed"
    EXPIRED = "expired"
    """What it reminds of came before it could be sent."""
    SKIPPED = "skipped"
    """Its recipient did not want it, or removed the device."""


class PushReason(StrEnum):
    """Why a push was not sent."""

    TOKEN_NO_LONGER_VALID = "token_no_longer_valid"  # noqa: S105 - a name, no secret
    REFUSED_BY_PROVIDER = "refused_by_provider"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    NO_LONGER_VALID = "no_longer_valid"
    SWITCHED_OFF = "switched_off"
    DEVICE_REMOVED = "device_removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushKey:
    """Names a push: which message to which device."""

    partition_id: int
    notification_id: UUID
    device_id: UUID

    @property
    def message_id(self) -> UUID:
        """What the provider knows it by: the same at every attempt."""
        return uuid5(self.notification_id, str(self.device_id))


# A push that was sent was sent, whoever's claim it is by now; all else is for the present claim.
SETTLE = """
UPDATE after_sales.pushes AS p
SET state = $5, reason = $6, detail = $7, settled_at = $8, claimed_until = NULL, held_until = NULL
WHERE p.partition_id = $1 AND p.notification_id = $2 AND p.device_id = $3
  AND p.state = 'queued' AND ($5 = 'sent' OR p.attempts = $4)
"""

PUT_OFF = """
UPDATE after_sales.pushes AS p
SET attempt_at = $5, held_until = $6, detail = $7, attempts = p.attempts - $8,
    claimed_until = NULL
WHERE p.partition_id = $1 AND p.notification_id = $2 AND p.device_id = $3
  AND p.state = 'queued' AND p.attempts = $4
"""

SKIP_QUEUED = """
UPDATE after_sales.pushes AS p
SET state = 'skipped', reason = 'device_removed', settled_at = $3, claimed_until = NULL,
    held_until = NULL
WHERE p.partition_id = $1 AND p.device_id = $2 AND p.state = 'queued'
"""

# What was held back is looked at again: it may be wanted at other times now, or not at all.
RECONSIDER = """
UPDATE after_sales.pushes AS p
SET attempt_at = $5, held_until = NULL
WHERE p.partition_id = $1 AND p.shop_id = $2 AND p.recipient_role = $3 AND p.recipient_id = $4
  AND p.state = 'queued' AND p.held_until IS NOT NULL
"""


async def settle(
    connection: Queryable,
    key: PushKey,
    attempt: int,
    state: PushState,
    now: datetime,
    *,
    reason: PushReason | None = None,
    detail: str | None = None,
) -> None:
    """Record what became of a push, unless a later claim is at it or it is settled."""
    await connection.fetch(
        SETTLE,
        *(key.partition_id, key.notification_id, key.device_id, attempt),
        *(state.value, None if reason is None else reason.value, detail, now),
    )


async def retry_at(
    database: Queryable, key: PushKey, attempt: int, at: datetime, detail: str
) -> None:
    """Let a push be tried again from an instant on."""
    place = (key.partition_id, key.notification_id, key.device_id, attempt)
    await database.fetch(PUT_OFF, *place, at, None, detail, 0)


async def hold_until(
    database: Queryable, key: PushKey, attempt: int, until: datetime, look_again_at: datetime
) -> None:
    """Hold a push back for quiet hours, which is no attempt.

    ``until`` is by the shop's clock, ``look_again_at`` by the service's.
    """
    place = (key.partition_id, key.notification_id, key.device_id, attempt)
    await database.fetch(PUT_OFF, *place, look_again_at, until, None, 1)


async def skip_queued(
    connection: Connection, partition_id: int, device_id: UUID, now: datetime
) -> None:
    """Give up what is still queued for a device that is gone."""
    await connection.execute(SKIP_QUEUED, partition_id, device_id, now)


async def reconsider_held(database: Queryable, recipient: RecipientKey, now: datetime) -> None:
    """Let what is held back for a recipient be looked at again at once."""
    await database.fetch(RECONSIDER, *recipient, now)
