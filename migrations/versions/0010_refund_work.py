"""Refunds on their way: what the worker that carries them out works from."""

from alembic import op

from app.event_store.citus import distribute_table

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CREATE_REFUND_WORK = """
CREATE TABLE after_sales.refund_work (
    partition_id smallint NOT NULL,
    refund_key text COLLATE "C" NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    ticket_id text COLLATE "C" NOT NULL,
    source text NOT NULL,
    shares text NOT NULL,
    asked integer NOT NULL,
    due_at timestamptz NOT NULL,
    claimed_until timestamptz,
    waits_for text,
    CONSTRAINT refund_work_pkey PRIMARY KEY (partition_id, refund_key)
)
"""

CREATE_INDEX = "CREATE INDEX refund_work_due_idx ON after_sales.refund_work (partition_id, due_at)"


def upgrade() -> None:
    """Create the table; its reader fills it."""
    op.execute(CREATE_REFUND_WORK)
    op.execute(CREATE_INDEX)
    distribute_table("refund_work")


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE after_sales.refund_work")
