"""The table of API keys. It lies with the shop it opens, so that a lookup goes to one shard."""

from sqlalchemy import ARRAY, TIMESTAMP, Column, LargeBinary, SmallInteger, String, Table, func

from app.event_store.tables import metadata

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
"""``secret_hash`` is the SHA-256 of 32 random bytes; the secret itself is shown once and not kept.

``shop_id`` is null for keys of the platform, which lie in partition 0.
"""
