"""The assistant's tables: rules of shops, the past of their buyers, applications to be judged."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.event_store.tables import BytewiseText, metadata

assistant_rules = Table(
    "assistant_rules",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("any_enabled", Boolean, nullable=False),
    Column("rules", JSONB, nullable=False),
    Column("actor_role", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    PrimaryKeyConstraint("partition_id", "shop_id", "version", name="assistant_rules_pkey"),
)
"""Every version of every shop's rules, from 1; the highest is in force. Only ever added to."""

buyer_history = Table(
    "buyer_history",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("ticket_id", BytewiseText, nullable=False),
    Column("buyer_id", BytewiseText, nullable=False),
    Column("kind", BytewiseText, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    PrimaryKeyConstraint(
        "partition_id", "shop_id", "ticket_id", "position", name="buyer_history_pkey"
    ),
    Index("buyer_history_buyer_idx", "partition_id", "shop_id", "buyer_id", "kind", "position"),
)
"""A row for each event that counts in a buyer's past, or makes or modifies an application."""

assistant_work = Table(
    "assistant_work",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("stream_id", BytewiseText, nullable=False),
    Column("ticket_id", BytewiseText, nullable=False),
    Column("ticket_version", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("claimed_until", TIMESTAMP(timezone=True)),
    Column("claim", Uuid),
    PrimaryKeyConstraint("partition_id", "stream_id", "ticket_id", name="assistant_work_pkey"),
    Index("assistant_work_position_idx", "partition_id", "position"),
)
"""Applications to be judged; version and position are those of the event that made it so."""
