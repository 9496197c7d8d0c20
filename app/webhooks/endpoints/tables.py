"""The tables of endpoints: their settings, and who changed them when."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.event_store.tables import BytewiseText, metadata

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("endpoint_id", Uuid, nullable=False),
    Column("shop_id", BytewiseText),
    Column("url", Text, nullable=False),
    Column("description", Text),
    Column("event_types", ARRAY(Text)),
    Column("ordered", Boolean, nullable=False),
    Column("rate_per_second", Integer),
    Column("include", ARRAY(Text), nullable=False, server_default="{}"),
    Column("api_version", Text, nullable=False),
    Column("header_names", ARRAY(Text), nullable=False),
    Column("headers_sealed", LargeBinary),
    Column("public_key", Text, nullable=False),
    Column("secrets_sealed", LargeBinary, nullable=False),
    Column("former_secret_until", TIMESTAMP(timezone=True)),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_reason", Text),
    Column("disabled_at", TIMESTAMP(timezone=True)),
    Column("since_position", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("changed_at", TIMESTAMP(timezone=True), nullable=False),
    PrimaryKeyConstraint("partition_id", "endpoint_id", name="webhook_endpoints_pkey"),
    Index("webhook_endpoints_owner_idx", "partition_id", "shop_id", "created_at", "endpoint_id"),
)
"""An endpoint of a shop is a row in the shop's partition. One of the platform (without ``shop_id``)
is a row in every partition, so that no partition looks into another; the copies differ in
``since_position`` alone: the position in their partition after which events are for it.
"""

webhook_endpoint_changes = Table(
    "webhook_endpoint_changes",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("endpoint_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("settings", JSONB, nullable=False),
    Column("actor_role", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    PrimaryKeyConstraint(
        "partition_id", "endpoint_id", "version", name="webhook_endpoint_changes_pkey"
    ),
)
"""What an endpoint was made into, by whom and when. Only ever added to, and kept when it is gone.

A platform's endpoint has them in `PLATFORM_PARTITION` alone. ``settings`` holds no secret.
"""
