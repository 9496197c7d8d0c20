"""Deliveries to webhook endpoints: messages, deliveries, attempts, queues."""

from alembic import op

from app.event_store.citus import distribute_table

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CREATE_MESSAGES = """
CREATE TABLE after_sales.webhook_messages (
    partition_id smallint NOT NULL,
    message_id uuid NOT NULL,
    api_version text COLLATE "C" NOT NULL,
    body text NOT NULL,
    kept_from timestamptz NOT NULL,
    CONSTRAINT webhook_messages_pkey PRIMARY KEY (partition_id, message_id, api_version)
)
"""

# A row is written a few times within seconds and then never again: the free space keeps its new
# versions on its page.
CREATE_DELIVERIES = """
CREATE TABLE after_sales.webhook_deliveries (
    partition_id smallint NOT NULL,
    endpoint_id uuid NOT NULL,
    message_id uuid NOT NULL,
    api_version text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    ordinal smallint NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C",
    type text COLLATE "C" NOT NULL,
    cause text NOT NULL,
    state text COLLATE "C" NOT NULL,
    attempts integer NOT NULL,
    failures smallint NOT NULL,
    due_at timestamptz NOT NULL,
    claimed_until timestamptz,
    created_at timestamptz NOT NULL,
    settled_at timestamptz,
    last_status smallint,
    last_outcome text,
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (partition_id, endpoint_id, message_id)
) WITH (fillfactor = 80)
"""

CREATE_ATTEMPTS = """
CREATE TABLE after_sales.webhook_attempts (
    partition_id smallint NOT NULL,
    endpoint_id uuid NOT NULL,
    message_id uuid NOT NULL,
    attempt integer NOT NULL,
    at timestamptz NOT NULL,
    outcome text NOT NULL,
    detail text,
    status smallint,
    latency_ms integer NOT NULL,
    answer text,
    CONSTRAINT webhook_attempts_pkey PRIMARY KEY (partition_id, endpoint_id, message_id, attempt)
)
"""

CREATE_PACES = """
CREATE TABLE after_sales.webhook_paces (
    partition_id smallint NOT NULL,
    endpoint_id uuid NOT NULL,
    next_at timestamptz NOT NULL,
    CONSTRAINT webhook_paces_pkey PRIMARY KEY (partition_id, endpoint_id)
) WITH (fillfactor = 50)
"""

# Few rows, written all the time.
CREATE_QUEUES = """
CREATE TABLE after_sales.webhook_queues (
    partition_id smallint NOT NULL,
    endpoint_id uuid NOT NULL,
    test_shop_id text COLLATE "C",
    due_at timestamptz,
    claimed_until timestamptz,
    pending bigint NOT NULL,
    delivered bigint NOT NULL,
    given_up bigint NOT NULL,
    attempts_failed bigint NOT NULL,
    latency_ms_sum bigint NOT NULL,
    latency_counts bigint[] NOT NULL,
    failing_since timestamptz,
    last_success_at timestamptz,
    last_failure_at timestamptz,
    CONSTRAINT webhook_queues_pkey PRIMARY KEY (partition_id, endpoint_id)
) WITH (fillfactor = 50)
"""

_DELIVERIES = "after_sales.webhook_deliveries (partition_id, endpoint_id, "
_QUEUES = "after_sales.webhook_queues (partition_id, "

CREATE_INDEXES = (
    "CREATE INDEX webhook_messages_kept_idx"
    " ON after_sales.webhook_messages (partition_id, kept_from)",
    f"CREATE INDEX webhook_deliveries_due_idx ON {_DELIVERIES}due_at) WHERE state = 'queued'",
    f"CREATE INDEX webhook_deliveries_stream_idx ON {_DELIVERIES}stream_id, position, ordinal)"
    " WHERE state IN ('queued', 'waiting')",
    f"CREATE INDEX webhook_deliveries_list_idx ON {_DELIVERIES}created_at, message_id)",
    f"CREATE INDEX webhook_deliveries_state_idx ON {_DELIVERIES}state, created_at, message_id)",
    f"CREATE INDEX webhook_deliveries_type_idx ON {_DELIVERIES}type, created_at, message_id)",
    f"CREATE INDEX webhook_deliveries_order_idx ON {_DELIVERIES}order_id, created_at, message_id)"
    " WHERE order_id IS NOT NULL",
    f"CREATE INDEX webhook_queues_due_idx ON {_QUEUES}due_at) WHERE test_shop_id IS NULL",
    f"CREATE INDEX webhook_queues_test_idx ON {_QUEUES}test_shop_id, due_at)"
    " WHERE test_shop_id IS NOT NULL",
    f"CREATE INDEX webhook_queues_claimed_idx ON {_QUEUES}claimed_until)"
    " WHERE claimed_until IS NOT NULL",
)

TABLES = (
    *("webhook_messages", "webhook_deliveries", "webhook_attempts", "webhook_paces"),
    "webhook_queues",
)


def upgrade() -> None:
    """Create the tables; the reader `webhook_fanout` begins at the log's end."""
    for statement in (
        *(CREATE_MESSAGES, CREATE_DELIVERIES, CREATE_ATTEMPTS, CREATE_PACES, CREATE_QUEUES),
    ):
        op.execute(statement)
    for index in CREATE_INDEXES:
        op.execute(index)
    for table in TABLES:
        distribute_table(table)


def downgrade() -> None:
    """Drop them; what was not sent yet is lost."""
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE after_sales.{table}")
    op.execute("DELETE FROM after_sales.checkpoints WHERE reader = 'webhook_fanout'")
