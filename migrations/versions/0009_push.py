"""Devices, preferences, and what is pushed to whom."""

from alembic import op

from app.event_store.citus import distribute_table

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CREATE_DEVICES = """
CREATE TABLE after_sales.devices (
    partition_id smallint NOT NULL,
    device_id uuid NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    recipient_role text COLLATE "C" NOT NULL,
    recipient_id text COLLATE "C" NOT NULL,
    platform text NOT NULL,
    name text,
    token_hash bytea NOT NULL,
    token_sealed bytea NOT NULL,
    since_position bigint NOT NULL,
    registered_at timestamptz NOT NULL,
    refreshed_at timestamptz NOT NULL,
    CONSTRAINT devices_pkey PRIMARY KEY (partition_id, device_id),
    CONSTRAINT devices_token_key UNIQUE (partition_id, shop_id, token_hash)
)
"""

CREATE_PREFERENCES = """
CREATE TABLE after_sales.notification_preferences (
    partition_id smallint NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    recipient_role text COLLATE "C" NOT NULL,
    recipient_id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    push boolean NOT NULL,
    muted_groups text[] NOT NULL,
    language text NOT NULL,
    quiet_begin time,
    quiet_end time,
    quiet_zone text,
    updated_at timestamptz NOT NULL,
    CONSTRAINT notification_preferences_pkey
        PRIMARY KEY (partition_id, shop_id, recipient_role, recipient_id)
)
"""

# A row is written a few times within seconds and then never again: the free space keeps its new
# versions on its page while it is claimed.
CREATE_PUSHES = """
CREATE TABLE after_sales.pushes (
    partition_id smallint NOT NULL,
    notification_id uuid NOT NULL,
    device_id uuid NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    recipient_role text COLLATE "C" NOT NULL,
    recipient_id text COLLATE "C" NOT NULL,
    template text NOT NULL,
    params jsonb NOT NULL,
    clock text NOT NULL,
    valid_until timestamptz,
    state text COLLATE "C" NOT NULL,
    reason text,
    detail text,
    attempts smallint NOT NULL,
    attempt_at timestamptz NOT NULL,
    held_until timestamptz,
    claimed_until timestamptz,
    settled_at timestamptz,
    CONSTRAINT pushes_pkey PRIMARY KEY (partition_id, notification_id, device_id)
) WITH (fillfactor = 80)
"""

# What is settled is in none of these: they stay as small as what is under way.
CREATE_INDEXES = (
    "CREATE INDEX devices_recipient_idx"
    " ON after_sales.devices (partition_id, shop_id, recipient_role, recipient_id)",
    "CREATE INDEX pushes_due_idx"
    " ON after_sales.pushes (partition_id, attempt_at) WHERE state = 'queued'",
    "CREATE INDEX pushes_device_idx"
    " ON after_sales.pushes (partition_id, device_id) WHERE state = 'queued'",
    "CREATE INDEX pushes_recipient_idx"
    " ON after_sales.pushes (partition_id, shop_id, recipient_role, recipient_id)"
    " WHERE state = 'queued'",
)

TABLES = ("devices", "notification_preferences", "pushes")


def upgrade() -> None:
    """Create the tables."""
    op.execute(CREATE_DEVICES)
    op.execute(CREATE_PREFERENCES)
    op.execute(CREATE_PUSHES)
    for index in CREATE_INDEXES:
        op.execute(index)
    for table in TABLES:
        distribute_table(table)


def downgrade() -> None:
    """Drop them; who has devices registers them again."""
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE after_sales.{table}")
    op.execute("DELETE FROM after_sales.checkpoints WHERE reader = 'pushes'")
