"""The devices of recipients, to which pushes are sent.

Their push tokens are stored sealed, because a token allows sending to its owner's device.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP
from uuid_utils.compat import uuid7

from app.event_store.connections import Connection, Queryable
from app.event_store.tables import BytewiseText, metadata
from app.notifications.notification import Recipient
from app.notifications.push.queue import skip_queued
from app.postgres.pool import Pool
from app.sealing import Seal

DEVICES_MAX = 20
"""The maximum number of devices of a recipient in a shop."""

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("partition_id", sa.SmallInteger, nullable=False),
    sa.Column("device_id", sa.Uuid, nullable=False),
    sa.Column("shop_id", BytewiseText, nullable=False),
    sa.Column("recipient_role", BytewiseText, nullable=False),
    sa.Column("recipient_id", BytewiseText, nullable=False),
    sa.Column("platform", sa.Text, nullable=False),
    sa.Column("name", sa.Text),
    sa.Column("token_hash", sa.LargeBinary, nullable=False),
    sa.Column("token_sealed", sa.LargeBinary, nullable=False),
    sa.Column("since_position", sa.BigInteger, nullable=False),
    sa.Column("registered_at", TIMESTAMP(timezone=True), nullable=False),
    sa.Column("refreshed_at", TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint("partition_id", "device_id", name="devices_pkey"),
    sa.UniqueConstraint("partition_id", "shop_id", "token_hash", name="devices_token_key"),
    sa.Index("devices_recipient_idx", "partition_id", "shop_id", "recipient_role", "recipient_id"),
)
"""``since_position`` is the log's head at registration: nothing older is pushed."""

# Registrations of a shop are serialized: a token has one owner, and an owner at most 20 devices.
LOCK_SHOP = "SELECT pg_advisory_xact_lock($1, hashtext($2))"

REMOVE_FROM_OTHERS = """
DELETE FROM after_sales.devices AS d
WHERE d.partition_id = $1 AND d.shop_id = $2 AND d.token_hash = $5
  AND (d.recipient_role, d.recipient_id) <> ($3, $4)
RETURNING d.device_id
"""

_COLUMNS = "d.device_id, d.platform, d.name, d.registered_at, d.refreshed_at"

LIST_OWN = f"""
SELECT {_COLUMNS}, d.token_hash
FROM after_sales.devices AS d
WHERE d.partition_id = $1 AND d.shop_id = $2 AND d.recipient_role = $3 AND d.recipient_id = $4
ORDER BY d.registered_at, d.device_id
"""

INSERT = f"""
INSERT INTO after_sales.devices AS d
    (partition_id, shop_id, recipient_role, recipient_id, device_id, platform, name, token_hash,
     token_sealed, since_position, registered_at, refreshed_at)
SELECT h.partition_id, $2, $3, $4, $5, $6, $7, $8, $9, h.position, $10, $10
FROM after_sales.log_heads AS h
WHERE h.partition_id = $1
RETURNING {_COLUMNS}
"""

REFRESH = f"""
UPDATE after_sales.devices AS d
SET name = $3, token_sealed = $4, refreshed_at = $5
WHERE d.partition_id = $1 AND d.device_id = $2
RETURNING {_COLUMNS}
"""

DELETE = """
DELETE FROM after_sales.devices AS d
WHERE d.partition_id = $1 AND d.shop_id = $2 AND d.recipient_role = $3 AND d.recipient_id = $4
  AND d.device_id = $5
RETURNING d.device_id
"""

FIND = """
SELECT d.device_id, d.platform, d.token_sealed
FROM after_sales.devices AS d
WHERE d.partition_id = ANY ($1::smallint[]) AND d.device_id = ANY ($2::uuid[])
"""

FORGET = """
DELETE FROM after_sales.devices AS d
WHERE d.partition_id = $1 AND d.device_id = $2 AND d.token_sealed = $3
RETURNING d.device_id
"""


class Platform(StrEnum):
    """The kind of device, by which a provider chooses its channel."""

    IOS = "ios"
    ANDROID = "android"
    WEB = "web"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device without its token."""

    device_id: UUID
    platform: Platform
    name: str | None
    registered_at: datetime
    refreshed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedDevice:
    """A device with its sealed token."""

    device_id: UUID
    platform: Platform
    token_sealed: bytes


class TooManyDevices(Exception):
    """The recipient has the maximum number of devices."""


async def register_device(
    connection: Connection,
    seal: Seal,
    recipient: Recipient,
    *,
    platform: Platform,
    token: str,
    name: str | None,
    now: datetime,
) -> tuple[Device, bool]:
    """Store a device, or refresh the one with this token; return it and whether it is new.

    A token identifies an app on a device. If another recipient of the shop registers it, its former
    owner loses it, so that messages reach only the present user. In an open transaction, to be
    rolled back on TooManyDevices.
    """
    key, hashed = recipient.key, token_hash(platform.value, token)
    await connection.execute(LOCK_SHOP, key[0], key[1])
    for removed in await connection.fetch(REMOVE_FROM_OTHERS, *key, hashed):
        await skip_queued(connection, key[0], removed["device_id"], now)
    own = await connection.fetch(LIST_OWN, *key)
    known = next((row["device_id"] for row in own if row["token_hash"] == hashed), None)
    if known is None and len(own) >= DEVICES_MAX:
        raise TooManyDevices
    device_id = known or uuid7()
    sealed = seal.seal(token, device_id.bytes)
    if known is None:
        row = await connection.fetchrow(
            INSERT, *key, device_id, platform.value, name, hashed, sealed, now
        )
    else:
        row = await connection.fetchrow(REFRESH, key[0], device_id, name, sealed, now)
    assert row is not None  # noqa: S101 - locked
    return _device(row), known is None


async def list_devices(database: Queryable, recipient: Recipient) -> list[Device]:
    """Return a recipient's devices, oldest registration first; at most `DEVICES_MAX`."""
    return [_device(row) for row in await database.fetch(LIST_OWN, *recipient.key)]


async def delete_device(pool: Pool, recipient: Recipient, device_id: UUID, now: datetime) -> bool:
    """Delete one of a recipient's devices and skip its queued pushes; False if there is none."""
    async with pool.acquire() as connection, connection.transaction():
        if await connection.fetchrow(DELETE, *recipient.key, device_id) is None:
            return False
        await skip_queued(connection, recipient.key[0], device_id, now)
    return True


async def find_devices(
    database: Queryable, partition_ids: Collection[int], device_ids: Collection[UUID]
) -> dict[UUID, SealedDevice]:
    """Return the existing devices with these ids."""
    rows = await database.fetch(FIND, list(partition_ids), list(device_ids))
    return {
        row["device_id"]: SealedDevice(
            device_id=row["device_id"],
            platform=Platform(row["platform"]),
            token_sealed=row["token_sealed"],
        )
        for row in rows
    }


async def forget_device(
    connection: Connection, partition_id: int, device: SealedDevice, now: datetime
) -> None:
    """Delete a device whose token is no longer valid, unless it was registered again."""
    gone = await connection.fetchrow(FORGET, partition_id, device.device_id, device.token_sealed)
    if gone is not None:
        await skip_queued(connection, partition_id, device.device_id, now)


def token_hash(platform: str, token: str) -> bytes:
    """Return the hash by which a token is recognized."""
    return hashlib.sha256(f"{platform}/{token}".encode()).digest()


def _device(row: asyncpg.Record) -> Device:
    return Device(
        device_id=row["device_id"],
        platform=Platform(row["platform"]),
        name=row["name"],
        registered_at=row["registered_at"],
        refreshed_at=row["refreshed_at"],
    )
