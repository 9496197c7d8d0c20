"""Snapshots of shops' money, and no payment's reference booked twice."""

from alembic import op

from app.event_store.citus import distribute_table

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

CREATE_SNAPSHOTS = """
CREATE TABLE after_sales.funds_snapshots (
    partition_id smallint NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    fold_version smallint NOT NULL,
    version integer NOT NULL,
    event_id uuid NOT NULL,
    state text NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT funds_snapshots_pkey PRIMARY KEY (partition_id, shop_id, fold_version)
)
"""

# Other events are not in it: it costs them no more than a look at their type.
CREATE_REFERENCES = """
CREATE UNIQUE INDEX events_reference_idx
ON after_sales.events (partition_id, stream_id, (data ->> 'reference'))
WHERE type IN ('AccountToppedUp', 'CashWithdrawn')
"""


def upgrade() -> None:
    """Create both; the reader `funds_snapshots` takes snapshots from the beginning of the log."""
    op.execute(CREATE_SNAPSHOTS)
    distribute_table("funds_snapshots")
    op.execute(CREATE_REFERENCES)


def downgrade() -> None:
    """Drop both."""
    op.execute("DROP INDEX after_sales.events_reference_idx")
    op.execute("DROP TABLE after_sales.funds_snapshots")
