"""API keys: creating, listing, rotating, revoking and finding them.

A key reads ``ask_<partition><id>_<secret>``. Partition (two hex digits) and id find its row; the
secret proves it. Its 256 random bits need no slow hash: they cannot be guessed.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from sqlalchemy import ARRAY, TIMESTAMP, Column, LargeBinary, SmallInteger, String, Table, func

from app.access.scopes import SCOPES_OF_ROLE, Scope
from app.event_store.connections import Queryable
from app.event_store.recorded_event import Role
from app.event_store.streams import PARTITION_COUNT, partition_of
from app.event_store.tables import metadata

PLATFORM_PARTITION = 0
PREFIX = "ask"


class KeyNotFound(Exception):
    """No key has this id."""


class ScopeNotOfRole(ValueError):
    """A scope is not among those of the key's role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its secret. ``shop_id`` is None for the platform's."""

    key_id: str
    role: Role
    shop_id: str | None
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def valid_at(self, now: datetime) -> bool:
        """Whether the key is valid at an instant."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return False
        return self.expires_at is None or now < self.expires_at


async def create_key(
    database: Queryable,
    *,
    role: Role,
    shop_id: str | None,
    name: str,
    scopes: Sequence[Scope] | None = None,
    expires_at: datetime | None = None,
) -> str:
    """Store a new key and return it in full, only here. All scopes of the role by default.

    Raises ScopeNotOfRole, or ValueError if a merchant's key names no shop or a platform's one does.
    """
    if (role is Role.MERCHANT) != (shop_id is not None):
        raise ValueError("a merchant's key names its shop, a platform's key none")
    allowed = SCOPES_OF_ROLE[role]
    granted = allowed if scopes is None else frozenset(scopes)
    if not granted <= allowed:
        raise ScopeNotOfRole(f"{role} cannot hold {', '.join(sorted(granted - allowed))}")
    partition_id = PLATFORM_PARTITION if shop_id is None else partition_of(shop_id)
    key_id = f"{partition_id:02x}{secrets.token_hex(8)}"
    secret = secrets.token_urlsafe(32)
    await database.fetch(
        _INSERT,
        partition_id,
        key_id,
        _hash(secret),
        role.value,
        shop_id,
        name,
        sorted(granted),
        expires_at,
    )
    return f"{PREFIX}_{key_id}_{secret}"


async def find_key(database: Queryable, presented: str) -> ApiKey | None:
    """Return the key a caller presented, or None if it is not stored. Updates its last use."""
    prefix, _, rest = presented.partition("_")
    key_id, _, secret = rest.partition("_")
    partition_id = _partition_in(key_id)
    if prefix != PREFIX or not secret or partition_id is None:
        return None
    row = await database.fetchrow(_FIND_AND_NOTE_USE, partition_id, key_id, _hash(secret))
    return None if row is None else _key(row)


async def list_keys(database: Queryable, shop_id: str | None) -> list[ApiKey]:
    """Return the keys of a shop, or the platform's for None, newest first (at most 1,000)."""
    partition_id = PLATFORM_PARTITION if shop_id is None else partition_of(shop_id)
    rows = await database.fetch(_LIST, partition_id, shop_id)
    return [_key(row) for row in rows]


async def end_key(database: Queryable, key_id: str, at: datetime) -> None:
    """Revoke a key from an instant on; KeyNotFound if there is none. An earlier end stays."""
    partition_id = _partition_in(key_id)
    if partition_id is None or not await database.fetch(_END, partition_id, key_id, at):
        raise KeyNotFound(key_id)


async def rotate_key(database: Queryable, key_id: str, old_valid_until: datetime) -> str:
    """Return a new key with the rights of an old one, which stays valid until an instant.

    KeyNotFound if there is none, or if it has been revoked: its rights must not return.
    """
    partition_id = _partition_in(key_id)
    row = None if partition_id is None else await database.fetchrow(_FIND, partition_id, key_id)
    if row is None or row["revoked_at"] is not None:
        raise KeyNotFound(key_id)
    old = _key(row)
    new = await create_key(
        database,
        role=old.role,
        shop_id=old.shop_id,
        name=old.name,
        scopes=sorted(old.scopes),
        expires_at=old.expires_at,
    )
    await end_key(database, key_id, old_valid_until)
    return new


def _partition_in(key_id: str) -> int | None:
    try:
        partition_id = int(key_id[:2], 16)
    except ValueError:
        return None
    return partition_id if 0 <= partition_id < PARTITION_COUNT else None


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _key(row: asyncpg.Record) -> ApiKey:
    scopes = frozenset(Scope(scope) for scope in row["scopes"])
    return ApiKey(**{**row, "role": Role(row["role"]), "scopes": scopes})


_COLUMNS = """key_id, role, shop_id, name, scopes, created_at, expires_at, revoked_at,
       last_used_at"""

_INSERT = """
INSERT INTO after_sales.api_keys
  (partition_id, key_id, secret_hash, role, shop_id, name, scopes, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

_FIND = f"SELECT {_COLUMNS} FROM after_sales.api_keys WHERE partition_id = $1 AND key_id = $2"

# The last use is updated at most once a minute, so that a lookup is nearly always a read. The time
# that comparing two hashes takes reveals nothing of the secret.
_FIND_AND_NOTE_USE = f"""
WITH used AS (
  UPDATE after_sales.api_keys SET last_used_at = now()
   WHERE partition_id = $1 AND key_id = $2 AND secret_hash = $3
     AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
)
SELECT {_COLUMNS} FROM after_sales.api_keys
 WHERE partition_id = $1 AND key_id = $2 AND secret_hash = $3
"""

_LIST = f"""
SELECT {_COLUMNS} FROM after_sales.api_keys
 WHERE partition_id = $1 AND shop_id IS NOT DISTINCT FROM $2
 ORDER BY created_at DESC, key_id LIMIT 1000
"""

_END = """
UPDATE after_sales.api_keys SET revoked_at = LEAST(revoked_at, $3)
 WHERE partition_id = $1 AND key_id = $2 RETURNING key_id
"""


api_keys = Table(
    "api_keys",
    metadata,
    Column("partition_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("key_id", String, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("role", String, nullable=False),
    Column("shop_id", String, nullable=True),
    Column("name", String, nullable=False),
    Column("scopes", ARRAY(String), nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.now()),
    Column("expires_at", TIMESTAMP(timezone=True), nullable=True),
    Column("revoked_at", TIMESTAMP(timezone=True), nullable=True),
    Column("last_used_at", TIMESTAMP(timezone=True), nullable=True),
)
"""``secret_hash`` is the SHA-256 of 32 random bytes; the secret itself is shown once and not
stored.

``shop_id`` is null for keys of the platform, which are in partition 0. A key of a shop is in the
shop's partition, so that a lookup goes to one shard.
"""
