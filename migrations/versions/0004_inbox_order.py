"""Inboxes in the order of the log, and what was read as facts of their own."""

from alembic import op

from app.event_store.citus import distribute_table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# The inbox is made from the log, and is made anew with what its rows lacked: workers follow at
# once, and until then it is empty.
FORGET = "DELETE FROM after_sales.notifications"

BEGIN_AGAIN = """
UPDATE after_sales.checkpoints
SET position = 0, status = 'running', error = NULL, failed_position = NULL
WHERE reader = 'notifications'
"""

ADD_COLUMNS = """
ALTER TABLE after_sales.notifications
    ADD COLUMN position bigint NOT NULL,
    ADD COLUMN valid_until timestamptz
"""

CREATE_INBOX_INDEX = """
CREATE INDEX notifications_inbox_idx ON after_sales.notifications
    (partition_id, shop_id, recipient_role, recipient_id, position)
"""

CREATE_POSITION_INDEX = """
CREATE INDEX notifications_position_idx ON after_sales.notifications (partition_id, position)
"""

CREATE_READS = """
CREATE TABLE after_sales.notification_reads (
    partition_id smallint NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    recipient_role text COLLATE "C" NOT NULL,
    recipient_id text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    read_at timestamptz NOT NULL,
    CONSTRAINT notification_reads_pkey
        PRIMARY KEY (partition_id, shop_id, recipient_role, recipient_id, position)
)
"""

CREATE_MARKS = """
CREATE TABLE after_sales.inbox_marks (
    partition_id smallint NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    recipient_role text COLLATE "C" NOT NULL,
    recipient_id text COLLATE "C" NOT NULL,
    read_through bigint NOT NULL,
    read_at timestamptz NOT NULL,
    CONSTRAINT inbox_marks_pkey
        PRIMARY KEY (partition_id, shop_id, recipient_role, recipient_id, read_through)
)
"""

CREATE_FORMER_INDEX = """
CREATE INDEX notifications_inbox_idx ON after_sales.notifications
    (partition_id, shop_id, recipient_role, recipient_id, created_at, notification_id)
"""


def upgrade() -> None:
    """Order inboxes by position, and add the tables of what was read."""
    op.execute(FORGET)
    op.execute(ADD_COLUMNS)
    op.execute("DROP INDEX after_sales.notifications_inbox_idx")
    op.execute(CREATE_INBOX_INDEX)
    op.execute(CREATE_POSITION_INDEX)
    op.execute(BEGIN_AGAIN)
    for table, statement in (
        ("notification_reads", CREATE_READS),
        ("inbox_marks", CREATE_MARKS),
    ):
        op.execute(statement)
        distribute_table(table)


def downgrade() -> None:
    """Go back to the former order; what was read is forgotten."""
    op.execute("DROP TABLE after_sales.inbox_marks")
    op.execute("DROP TABLE after_sales.notification_reads")
    op.execute("DROP INDEX after_sales.notifications_position_idx")
    op.execute("DROP INDEX after_sales.notifications_inbox_idx")
    op.execute(
        "ALTER TABLE after_sales.notifications DROP COLUMN position, DROP COLUMN valid_until"
    )
    op.execute(CREATE_FORMER_INDEX)
