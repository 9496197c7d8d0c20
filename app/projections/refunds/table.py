"""The refunds as lists need them: a row a refund, kept by the reader `refunds`."""

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
from app.projections.rows import DocumentTable

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

REFUNDS = DocumentTable(refunds, ShopRefund)

# The partitions are named twice so that Citus sends a batch of one partition to its node.
SELECT_OWED = """
SELECT r.partition_id, r.shop_id, r.ticket_id, r.doc
FROM after_sales.refunds AS r
JOIN unnest($1::smallint[], $2::text[]) AS k(partition_id, shop_id)
    ON r.partition_id = k.partition_id AND r.shop_id = k.shop_id
WHERE r.partition_id = ANY ($1::smallint[]) AND r.owed > 0
"""


def columns_of_refund(refund: ShopRefund) -> dict[str, object]:
    """Return what a refund's row holds besides its key and ``doc``."""
    waiting, source = refund.waiting, refund.source
    return {
        "order_id": refund.order_id,
        "refund_key": refund.refund_key,
        "overdue": refund.overdue,
        "requested_at": refund.requested_at,
        "progress": refund.progress.value,
        "source": None if source is None else source.value,
        "waiting": None if waiting is None else waiting.value,
        "waiting_since": refund.waiting_since,
        "succeeded_at": refund.succeeded_at,
        "owed": refund.owed,
    }
