"""The log's tables, and the one MetaData every table of the service belongs to.

They say what the migrations must have built; queries on hot paths are written out as SQL.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

SCHEMA = "after_sales"

metadata = MetaData(schema=SCHEMA)

BytewiseText = Text(collation="C")
"""For identifiers in keys: compared by bytes, so fast and independent of the system's locale."""

log_heads = Table(
    "log_heads",
    metadata,
    Column("partition_id", SmallInteger, nullable=False, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    PrimaryKeyConstraint("partition_id", name="log_heads_pkey"),
)
"""The last position of each partition; its row lock orders the appends to it."""

events = Table(
    "events",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("stream_id", BytewiseText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("event_id", UUID(as_uuid=True), nullable=False),
    Column("type", Text, nullable=False),
    Column("schema_version", SmallInteger, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("metadata", JSONB, nullable=False),
    Column("occurred_at", TIMESTAMP(timezone=True), nullable=False),
    Column(
        "recorded_at",
        TIMESTAMP(timezone=True),
        nullable=False,
        server_default=func.clock_timestamp(),
    ),
    PrimaryKeyConstraint("partition_id", "position", name="events_pkey"),
    UniqueConstraint(
        "partition_id", "stream_id", "version", name="events_partition_id_stream_id_version_key"
    ),
    Index(
        "events_reference_idx",
        *("partition_id", "stream_id", text("(data ->> 'reference')")),
        unique=True,
        postgresql_where=text("type IN ('AccountToppedUp', 'CashWithdrawn')"),
    ),
)
"""The log. Rows are never updated or deleted; the database refuses it."""

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("scope", BytewiseText, nullable=False),
    Column("key", BytewiseText, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("response", LargeBinary, nullable=False),
    Column(
        "created_at",
        TIMESTAMP(timezone=True),
        nullable=False,
        server_default=func.clock_timestamp(),
    ),
    PrimaryKeyConstraint("partition_id", "scope", "key", name="idempotency_keys_pkey"),
    Index("idempotency_keys_partition_id_created_at_idx", "partition_id", "created_at"),
)
"""Requests answered recently, each written together with the events it produced."""

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("reader", BytewiseText, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("error", Text),
    Column("failed_position", BigInteger),
    Column(
        "updated_at",
        TIMESTAMP(timezone=True),
        nullable=False,
        server_default=func.clock_timestamp(),
    ),
    PrimaryKeyConstraint("partition_id", "reader", name="checkpoints_pkey"),
)
"""The position of each reader in each partition, and the error if it stopped."""
