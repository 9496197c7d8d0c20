"""API keys, stored hashed, beside the shop they open."""

from alembic import op

from app.event_store.citus import distribute_table

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CREATE_API_KEYS = """
CREATE TABLE after_sales.api_keys (
    partition_id smallint NOT NULL,
    key_id varchar NOT NULL,
    secret_hash bytea NOT NULL,
    role varchar NOT NULL,
    shop_id varchar,
    name varchar NOT NULL,
    scopes varchar[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    CONSTRAINT api_keys_pkey PRIMARY KEY (partition_id, key_id)
)
"""


def upgrade() -> None:
    """Create the table, on a cluster beside the log."""
    op.execute(CREATE_API_KEYS)
    distribute_table("api_keys")


def downgrade() -> None:
    """Drop it; every key is lost."""
    op.execute("DROP TABLE after_sales.api_keys")
