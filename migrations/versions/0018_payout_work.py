"""Advance payouts lie among the refunds on their way, told apart by their kind."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

# The default is for the rows there are; the reader names the kind of every new one.
ADD_KIND = "ALTER TABLE after_sales.refund_work ADD COLUMN kind text NOT NULL DEFAULT 'refund'"
DROP_DEFAULT = "ALTER TABLE after_sales.refund_work ALTER COLUMN kind DROP DEFAULT"


def upgrade() -> None:
    """Add the column."""
    op.execute(ADD_KIND)
    op.execute(DROP_DEFAULT)


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE after_sales.refund_work DROP COLUMN kind")
