"""Let a message be about no order: merchants are told of the shop's money too."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Allow a message to name no order."""
    op.alter_column(
        "notifications", "order_id", existing_type=sa.Text(), nullable=True, schema="after_sales"
    )


def downgrade() -> None:
    """Forget the messages that name none, and ask for one again."""
    op.execute("DELETE FROM after_sales.notifications WHERE order_id IS NULL")
    op.alter_column(
        "notifications", "order_id", existing_type=sa.Text(), nullable=False, schema="after_sales"
    )
