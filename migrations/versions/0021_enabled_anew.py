"""Queues that say when their endpoint was last enabled."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# The default serves processes of the release before, which add queues without it.
ADD_VERSION = """
ALTER TABLE after_sales.webhook_queues ADD COLUMN enabled_version integer NOT NULL DEFAULT 0
"""


def upgrade() -> None:
    """Add it; for those there are, no enabling is news."""
    op.execute(ADD_VERSION)


def downgrade() -> None:
    """Drop it; an endpoint that is enabled waits until it is probed."""
    op.execute("ALTER TABLE after_sales.webhook_queues DROP COLUMN enabled_version")
