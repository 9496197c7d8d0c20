"""Tickets searched by who has to act, by parcel, type, reason and amount, and by what is due next.

The new columns are filled by the reader, which begins again: its rows are folds of the log.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FORGET = "DELETE FROM after_sales.tickets"

BEGIN_AGAIN = """
UPDATE after_sales.checkpoints
SET position = 0, status = 'running', error = NULL, failed_position = NULL
WHERE reader = 'tickets'
"""

ADD_COLUMNS = """
ALTER TABLE after_sales.tickets
    ADD COLUMN waiting_for text COLLATE "C",
    ADD COLUMN reason text COLLATE "C" NOT NULL,
    ADD COLUMN amount bigint NOT NULL,
    ADD COLUMN return_tracking_number text COLLATE "C",
    ADD COLUMN first_tracking_number text COLLATE "C",
    ADD COLUMN replacement_tracking_number text COLLATE "C",
    ALTER COLUMN type TYPE text COLLATE "C"
"""

DROP_COLUMNS = """
ALTER TABLE after_sales.tickets
    DROP COLUMN waiting_for,
    DROP COLUMN reason,
    DROP COLUMN amount,
    DROP COLUMN return_tracking_number,
    DROP COLUMN first_tracking_number,
    DROP COLUMN replacement_tracking_number,
    ALTER COLUMN type TYPE text COLLATE "default"
"""

# As for the others: the shop first, then what is equal, then the order of the list. Few tickets
# wait, fall due or have a parcel, so these indexes hold no others.
CREATE_INDEXES = (
    "CREATE INDEX tickets_due_idx ON after_sales.tickets"
    " (partition_id, shop_id, due_at, ticket_id) WHERE due_at IS NOT NULL",
    "CREATE INDEX tickets_waiting_idx ON after_sales.tickets"
    " (partition_id, shop_id, waiting_for, created_at, ticket_id) WHERE waiting_for IS NOT NULL",
    "CREATE INDEX tickets_waiting_due_idx ON after_sales.tickets"
    " (partition_id, shop_id, waiting_for, due_at, ticket_id) WHERE due_at IS NOT NULL",
    "CREATE INDEX tickets_type_idx ON after_sales.tickets"
    " (partition_id, shop_id, type, created_at, ticket_id)",
    "CREATE INDEX tickets_reason_idx ON after_sales.tickets"
    " (partition_id, shop_id, reason, created_at, ticket_id)",
    "CREATE INDEX tickets_amount_idx ON after_sales.tickets (partition_id, shop_id, amount)",
    "CREATE INDEX tickets_return_tracking_number_idx ON after_sales.tickets"
    " (partition_id, shop_id, return_tracking_number) WHERE return_tracking_number IS NOT NULL",
    "CREATE INDEX tickets_first_tracking_number_idx ON after_sales.tickets"
    " (partition_id, shop_id, first_tracking_number) WHERE first_tracking_number IS NOT NULL",
    "CREATE INDEX tickets_replacement_tracking_number_idx ON after_sales.tickets"
    " (partition_id, shop_id, replacement_tracking_number)"
    " WHERE replacement_tracking_number IS NOT NULL",
)

CREATE_FORMER_INDEX = """
CREATE INDEX tickets_due_idx
ON after_sales.tickets (partition_id, shop_id, due_at) WHERE due_at IS NOT NULL
"""

INDEXES_OF_KEPT_COLUMNS = ("tickets_due_idx", "tickets_type_idx")
"""Those that do not go with a column."""


def upgrade() -> None:
    """Add what tickets are searched by, and let the reader fill it."""
    op.execute(FORGET)
    op.execute("DROP INDEX after_sales.tickets_due_idx")
    op.execute(ADD_COLUMNS)
    for index in CREATE_INDEXES:
        op.execute(index)
    op.execute(BEGIN_AGAIN)


def downgrade() -> None:
    """Take it away again; the reader begins again, as its stored form is an older one."""
    op.execute(FORGET)
    for index in INDEXES_OF_KEPT_COLUMNS:
        op.execute(f"DROP INDEX after_sales.{index}")
    op.execute(DROP_COLUMNS)
    op.execute(CREATE_FORMER_INDEX)
    op.execute(BEGIN_AGAIN)
