"""What webhook endpoints are told only because their owners ask."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# The default serves processes of the release before: whoever does not name it asks for nothing.
ADD_INCLUDE = """
ALTER TABLE after_sales.webhook_endpoints ADD COLUMN include text[] NOT NULL DEFAULT '{}'
"""

# A release that knows no personal data would send what is queued with it as it is.
QUEUE_WITHOUT = """
INSERT INTO after_sales.webhook_messages (partition_id, message_id, api_version, body, kept_from)
SELECT m.partition_id, m.message_id, split_part(m.api_version, '+', 1),
       split_part(m.body, ',"personal":', 1) || '}}', m.kept_from
FROM after_sales.webhook_messages AS m
WHERE m.api_version LIKE '%+personal_data'
ON CONFLICT DO NOTHING
"""

NAME_WITHOUT = """
UPDATE after_sales.webhook_deliveries SET api_version = split_part(api_version, '+', 1)
WHERE api_version LIKE '%+personal_data'
"""

FORGET_PERSONAL = """
DELETE FROM after_sales.webhook_messages AS m WHERE m.api_version LIKE '%+personal_data'
"""


def upgrade() -> None:
    """Let endpoints ask; those there are do not, and no row is written anew."""
    op.execute(ADD_INCLUDE)


def downgrade() -> None:
    """Let nobody ask any more: what is queued goes without."""
    for statement in (QUEUE_WITHOUT, NAME_WITHOUT, FORGET_PERSONAL):
        op.execute(statement)
    op.execute("ALTER TABLE after_sales.webhook_endpoints DROP COLUMN include")
