"""The feed: every public event with its body."""

from alembic import op

from app.event_store.citus import distribute_table

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# Looking for few types among many events reads the indexes only, and none of the bodies.
CREATE_PUBLIC_EVENTS = """
CREATE TABLE after_sales.public_events (
    partition_id smallint NOT NULL,
    position bigint NOT NULL,
    ordinal smallint NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    event_id uuid NOT NULL,
    body text NOT NULL,
    CONSTRAINT public_events_pkey PRIMARY KEY (partition_id, position, ordinal) INCLUDE (type)
)
"""

CREATE_INDEX = """
CREATE INDEX public_events_shop_idx
    ON after_sales.public_events (partition_id, shop_id, position, ordinal) INCLUDE (type)
"""


def upgrade() -> None:
    """Create the table; the reader `public_events` fills it from the beginning of the log."""
    op.execute(CREATE_PUBLIC_EVENTS)
    op.execute(CREATE_INDEX)
    distribute_table("public_events")


def downgrade() -> None:
    """Drop it; it is made from the log again."""
    op.execute("DROP TABLE after_sales.public_events")
    op.execute("DELETE FROM after_sales.checkpoints WHERE reader = 'public_events'")
