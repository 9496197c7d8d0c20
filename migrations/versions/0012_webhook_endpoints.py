"""Webhook endpoints, and who changed them."""

from alembic import op

from app.event_store.citus import distribute_table

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CREATE_ENDPOINTS = """
CREATE TABLE after_sales.webhook_endpoints (
    partition_id smallint NOT NULL,
    endpoint_id uuid NOT NULL,
    shop_id text COLLATE "C",
    url text NOT NULL,
    description text,
    event_types text[],
    ordered boolean NOT NULL,
    rate_per_second integer,
    api_version text NOT NULL,
    header_names text[] NOT NULL,
    headers_sealed bytea,
    public_key text NOT NULL,
    secrets_sealed bytea NOT NULL,
    former_secret_until timestamptz,
    enabled boolean NOT NULL,
    disabled_reason text,
    disabled_at timestamptz,
    since_position bigint NOT NULL,
    version integer NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (partition_id, endpoint_id)
)
"""

CREATE_CHANGES = """
CREATE TABLE after_sales.webhook_endpoint_changes (
    partition_id smallint NOT NULL,
    endpoint_id uuid NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    settings jsonb NOT NULL,
    actor_role text NOT NULL,
    actor_id text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT webhook_endpoint_changes_pkey PRIMARY KEY (partition_id, endpoint_id, version)
)
"""

CREATE_INDEX = """
CREATE INDEX webhook_endpoints_owner_idx
ON after_sales.webhook_endpoints (partition_id, shop_id, created_at, endpoint_id)
"""

TABLES = ("webhook_endpoints", "webhook_endpoint_changes")


def upgrade() -> None:
    """Create the tables."""
    op.execute(CREATE_ENDPOINTS)
    op.execute(CREATE_CHANGES)
    op.execute(CREATE_INDEX)
    for table in TABLES:
        distribute_table(table)


def downgrade() -> None:
    """Drop them; who had endpoints makes them again."""
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE after_sales.{table}")
