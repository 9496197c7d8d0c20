"""Tables of work that name the claim under way, so that a late worker cannot free the next one."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = ("deadlines", "assistant_work", "refund_work", "pushes")


def upgrade() -> None:
    """Add the token; processes of the release before write none and look for none."""
    for table in TABLES:
        op.execute(f"ALTER TABLE after_sales.{table} ADD COLUMN claim uuid")


def downgrade() -> None:
    """Drop it."""
    for table in TABLES:
        op.execute(f"ALTER TABLE after_sales.{table} DROP COLUMN claim")
