"""The table of test clocks: a row a shop in test mode, none for any other."""

from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, func, text
from sqlalchemy.dialects.postgresql import TIMESTAMP, UUID

from app.event_store.tables import BytewiseText, metadata

test_clocks = Table(
    "test_clocks",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("started_at", TIMESTAMP(timezone=True), nullable=False),
    Column("now", TIMESTAMP(timezone=True), nullable=False),
    Column("target", TIMESTAMP(timezone=True)),
    Column("fell_due", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("claim", UUID(as_uuid=True)),
    Column("claimed_until", TIMESTAMP(timezone=True)),
    Column(
        "created_at",
        TIMESTAMP(timezone=True),
        nullable=False,
        server_default=func.clock_timestamp(),
    ),
    PrimaryKeyConstraint("partition_id", "shop_id", name="test_clocks_pkey"),
    Index("test_clocks_advancing_idx", "partition_id", postgresql_where=text("target IS NOT NULL")),
)
"""``now`` is what the shop takes for the present, ``started_at`` what that was at first.

``target`` is there while the clock advances to it. Rows are never deleted: what a shop did in test
time must not become production's. ``claim`` names the worker that advances it, for the time being.
"""
