"""The refunds of shops, as those see them who look after money."""

from alembic import op

from app.event_store.citus import distribute_table

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CREATE_REFUNDS = """
CREATE TABLE after_sales.refunds (
    partition_id smallint NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    ticket_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    refund_key text COLLATE "C" NOT NULL,
    overdue boolean NOT NULL,
    requested_at timestamptz NOT NULL,
    progress text COLLATE "C" NOT NULL,
    source text COLLATE "C",
    waiting text COLLATE "C",
    waiting_since timestamptz,
    succeeded_at timestamptz,
    owed bigint NOT NULL,
    doc jsonb NOT NULL,
    CONSTRAINT refunds_pkey PRIMARY KEY (partition_id, shop_id, ticket_id)
)
"""

# As for other lists: the shop first, then what is equal, then the order of the list.
CREATE_INDEXES = (
    "CREATE INDEX refunds_newest_idx"
    " ON after_sales.refunds (partition_id, shop_id, requested_at, ticket_id)",
    "CREATE INDEX refunds_progress_idx"
    " ON after_sales.refunds (partition_id, shop_id, progress, requested_at, ticket_id)",
    "CREATE INDEX refunds_source_idx"
    " ON after_sales.refunds (partition_id, shop_id, source, requested_at, ticket_id)"
    " WHERE source IS NOT NULL",
    "CREATE INDEX refunds_overdue_idx"
    " ON after_sales.refunds (partition_id, shop_id, requested_at, ticket_id) WHERE overdue",
    "CREATE INDEX refunds_order_idx"
    " ON after_sales.refunds (partition_id, shop_id, order_id, requested_at, ticket_id)",
    "CREATE INDEX refunds_waiting_idx"
    " ON after_sales.refunds (partition_id, shop_id, waiting, requested_at, ticket_id)"
    " WHERE waiting IS NOT NULL",
    "CREATE INDEX refunds_waiting_anywhere_idx"
    " ON after_sales.refunds (partition_id, waiting, waiting_since, refund_key)"
    " WHERE waiting IS NOT NULL",
    "CREATE INDEX refunds_statement_idx"
    " ON after_sales.refunds (partition_id, shop_id, succeeded_at, ticket_id)"
    " WHERE overdue AND succeeded_at IS NOT NULL",
    "CREATE INDEX refunds_owed_idx"
    " ON after_sales.refunds (partition_id, shop_id, requested_at, ticket_id) WHERE owed > 0",
)


def upgrade() -> None:
    """Create the table; the reader `refunds` fills it from the beginning of the log."""
    op.execute(CREATE_REFUNDS)
    for index in CREATE_INDEXES:
        op.execute(index)
    distribute_table("refunds")


def downgrade() -> None:
    """Drop it; it is made from the log again."""
    op.execute("DROP TABLE after_sales.refunds")
    op.execute("DELETE FROM after_sales.checkpoints WHERE reader = 'refunds'")
