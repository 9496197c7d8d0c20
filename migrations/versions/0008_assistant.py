"""The assistant: rules of shops, buyers' pasts, applications to be judged."""

from alembic import op

from app.event_store.citus import distribute_table

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CREATE_RULES = """
CREATE TABLE after_sales.assistant_rules (
    partition_id smallint NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    any_enabled boolean NOT NULL,
    rules jsonb NOT NULL,
    actor_role text NOT NULL,
    actor_id text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT assistant_rules_pkey PRIMARY KEY (partition_id, shop_id, version)
)
"""

CREATE_HISTORY = """
CREATE TABLE after_sales.buyer_history (
    partition_id smallint NOT NULL,
    position bigint NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    ticket_id text COLLATE "C" NOT NULL,
    buyer_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT buyer_history_pkey PRIMARY KEY (partition_id, shop_id, ticket_id, position)
)
"""

# Short-lived rows, each claimed once: the free space keeps the claim on the row's page.
CREATE_WORK = """
CREATE TABLE after_sales.assistant_work (
    partition_id smallint NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    ticket_id text COLLATE "C" NOT NULL,
    ticket_version integer NOT NULL,
    position bigint NOT NULL,
    claimed_until timestamptz,
    CONSTRAINT assistant_work_pkey PRIMARY KEY (partition_id, stream_id, ticket_id)
) WITH (fillfactor = 80)
"""

CREATE_INDEXES = (
    "CREATE INDEX buyer_history_buyer_idx"
    " ON after_sales.buyer_history (partition_id, shop_id, buyer_id, kind, position)",
    "CREATE INDEX assistant_work_position_idx"
    " ON after_sales.assistant_work (partition_id, position)",
)

TABLES = ("assistant_rules", "buyer_history", "assistant_work")


def upgrade() -> None:
    """Create the tables; the reader `assistant` fills two of them from the log."""
    op.execute(CREATE_RULES)
    op.execute(CREATE_HISTORY)
    op.execute(CREATE_WORK)
    for index in CREATE_INDEXES:
        op.execute(index)
    for table in TABLES:
        distribute_table(table)


def downgrade() -> None:
    """Drop them; the rules of all shops are lost, the rest is made from the log again."""
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE after_sales.{table}")
    op.execute("DELETE FROM after_sales.checkpoints WHERE reader = 'assistant'")
