"""The refunds as lists need them: a row a refund, kept by the reader `refunds`."""

from pydantic import TypeAdapter
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.event_store.tables import BytewiseText, metadata
from app.projections.refunds.view import ShopRefund

_SHOP = ("partition_id", "shop_id")
_NEWEST = ("requested_at", "ticket_id")

refunds = Table(
    "refunds",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("ticket_id", BytewiseText, nullable=False),
    Column("order_id", BytewiseText, nullable=False),
    Column("refund_key", BytewiseText, nullable=False),
    Column("overdue", Boolean, nullable=False),
    Column("requested_at", TIMESTAMP(timezone=True), nullable=False),
    Column("progress", BytewiseText, nullable=False),
    Column("source", BytewiseText),
    Column("waiting", BytewiseText),
    Column("waiting_since", TIMESTAMP(timezone=True)),
    Column("succeeded_at", TIMESTAMP(timezone=True)),
    Column("owed", BigInteger, nullable=False),
    Column("doc", JSONB, nullable=False),
    PrimaryKeyConstraint("partition_id", "shop_id", "ticket_id", name="refunds_pkey"),
    Index("refunds_newest_idx", *_SHOP, *_NEWEST),
    Index("refunds_progress_idx", *_SHOP, "progress", *_NEWEST),
    Index(
        "refunds_source_idx",
        *(*_SHOP, "source", *_NEWEST),
        postgresql_where=text("source IS NOT NULL"),
    ),
    Index("refunds_overdue_idx", *_SHOP, *_NEWEST, postgresql_where=text("overdue")),
    Index("refunds_order_idx", *_SHOP, "order_id", *_NEWEST),
    Index(
        "refunds_waiting_idx",
        *(*_SHOP, "waiting", *_NEWEST),
        postgresql_where=text("waiting IS NOT NULL"),
    ),
    Index(
        "refunds_waiting_anywhere_idx",
        *("partition_id", "waiting", "waiting_since", "refund_key"),
        postgresql_where=text("waiting IS NOT NULL"),
    ),
    Index(
        "refunds_statement_idx",
        *(*_SHOP, "succeeded_at", "ticket_id"),
        postgresql_where=text("overdue AND succeeded_at IS NOT NULL"),
    ),
    Index("refunds_owed_idx", *_SHOP, *_NEWEST, postgresql_where=text("owed > 0")),
)
"""``doc`` holds the whole view; the other columns are what lists filter and sort by."""

# The partitions are named twice so that Citus sends a batch of one partition to its node.
SELECT_ROWS = """
SELECT r.partition_id, r.shop_id, r.ticket_id, r.doc
FROM after_sales.refunds AS r
JOIN unnest($1::smallint[], $2::text[], $3::text[]) AS k(partition_id, shop_id, ticket_id)
    ON r.partition_id = k.partition_id AND r.shop_id = k.shop_id AND r.ticket_id = k.ticket_id
WHERE r.partition_id = ANY ($1::smallint[])
"""

SELECT_OWED = """
SELECT r.partition_id, r.shop_id, r.ticket_id, r.doc
FROM after_sales.refunds AS r
JOIN unnest($1::smallint[], $2::text[]) AS k(partition_id, shop_id)
    ON r.partition_id = k.partition_id AND r.shop_id = k.shop_id
WHERE r.partition_id = ANY ($1::smallint[]) AND r.owed > 0
"""

UPSERT_ROWS = """
INSERT INTO after_sales.refunds
    (partition_id, shop_id, ticket_id, order_id, refund_key, overdue, requested_at, progress,
     source, waiting, waiting_since, succeeded_at, owed, doc)
SELECT r.partition_id, r.shop_id, r.ticket_id, r.order_id, r.refund_key, r.overdue, r.requested_at,
       r.progress, r.source, r.waiting, r.waiting_since, r.succeeded_at, r.owed, r.doc
FROM unnest($1::smallint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[],
            $7::timestamptz[], $8::text[], $9::text[], $10::text[], $11::timestamptz[],
            $12::timestamptz[], $13::bigint[], $14::jsonb[])
    AS r(partition_id, shop_id, ticket_id, order_id, refund_key, overdue, requested_at, progress,
         source, waiting, waiting_since, succeeded_at, owed, doc)
ON CONFLICT (partition_id, shop_id, ticket_id) DO UPDATE SET
    progress = excluded.progress,
    source = excluded.source,
    waiting = excluded.waiting,
    waiting_since = excluded.waiting_since,
    succeeded_at = excluded.succeeded_at,
    owed = excluded.owed,
    doc = excluded.doc
"""

CLEAR_PARTITION = "DELETE FROM after_sales.refunds WHERE partition_id = $1"

Key = tuple[int, str, str]
"""Partition, shop, ticket."""

_STORED_FORM = TypeAdapter(ShopRefund)


def refund_from_stored(doc: str) -> ShopRefund:
    """Return the view kept in a row."""
    return _STORED_FORM.validate_json(doc)


def row_of(key: Key, refund: ShopRefund) -> tuple[object, ...]:
    """Return the row a refund is kept in, as `UPSERT_ROWS` takes it."""
    waiting, source = refund.waiting, refund.source
    return (
        *key,
        refund.order_id,
        refund.refund_key,
        refund.overdue,
        refund.requested_at,
        refund.progress.value,
        None if source is None else source.value,
        None if waiting is None else waiting.value,
        refund.waiting_since,
        refund.succeeded_at,
        refund.owed,
        _STORED_FORM.dump_json(refund).decode(),
    )
