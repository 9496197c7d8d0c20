"""The read models: orders, operation log, tickets, deadlines, notifications."""

from alembic import op

from app.event_store.citus import distribute_table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Identifiers and codes are compared byte by byte ("C"): fast, and safe from changes of the locale.
# Rows of orders and tickets are rewritten with each of their few events: the free space keeps a
# new row version on its page, and out of the indexes if no indexed column changed (HOT).
CREATE_ORDERS = """
CREATE TABLE after_sales.orders (
    partition_id smallint NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    buyer_id text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    receipt_confirmed_at timestamptz,
    entry_closes_at timestamptz,
    ticket_state text COLLATE "C",
    version integer NOT NULL,
    position bigint NOT NULL,
    doc jsonb NOT NULL,
    CONSTRAINT orders_pkey PRIMARY KEY (partition_id, shop_id, order_id)
) WITH (fillfactor = 80)
"""

CREATE_OPERATION_LOG = """
CREATE TABLE after_sales.operation_log (
    partition_id smallint NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    event_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor_role text NOT NULL,
    actor_id text NOT NULL,
    code text NOT NULL,
    subject text NOT NULL,
    after text,
    params jsonb NOT NULL,
    CONSTRAINT operation_log_pkey PRIMARY KEY (partition_id, stream_id, version)
)
"""

CREATE_TICKETS = """
CREATE TABLE after_sales.tickets (
    partition_id smallint NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    ticket_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    buyer_id text COLLATE "C" NOT NULL,
    type text NOT NULL,
    state text COLLATE "C" NOT NULL,
    overdue boolean NOT NULL,
    due_at timestamptz,
    due_action text,
    created_at timestamptz NOT NULL,
    position bigint NOT NULL,
    doc jsonb NOT NULL,
    CONSTRAINT tickets_pkey PRIMARY KEY (partition_id, shop_id, ticket_id)
) WITH (fillfactor = 80)
"""

CREATE_DEADLINES = """
CREATE TABLE after_sales.deadlines (
    partition_id smallint NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    due_at timestamptz NOT NULL,
    claimed_until timestamptz,
    CONSTRAINT deadlines_pkey PRIMARY KEY (partition_id, stream_id, kind)
) WITH (fillfactor = 80)
"""

CREATE_NOTIFICATIONS = """
CREATE TABLE after_sales.notifications (
    partition_id smallint NOT NULL,
    notification_id uuid NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    recipient_role text COLLATE "C" NOT NULL,
    recipient_id text COLLATE "C" NOT NULL,
    template text NOT NULL,
    params jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT notifications_pkey PRIMARY KEY (partition_id, notification_id)
)
"""

# Each list filter has an index that begins with the shop, and with it the order of the list where
# it is an equality. The age filter is a range of created_at.
CREATE_INDEXES = (
    "CREATE INDEX orders_created_idx"
    " ON after_sales.orders (partition_id, shop_id, created_at, order_id)",
    "CREATE INDEX orders_buyer_idx"
    " ON after_sales.orders (partition_id, shop_id, buyer_id, created_at, order_id)",
    "CREATE INDEX orders_entry_idx ON after_sales.orders (partition_id, shop_id, entry_closes_at)",
    "CREATE INDEX orders_ticket_state_idx"
    " ON after_sales.orders (partition_id, shop_id, ticket_state, created_at, order_id)"
    " WHERE ticket_state IS NOT NULL",
    "CREATE INDEX tickets_created_idx"
    " ON after_sales.tickets (partition_id, shop_id, created_at, ticket_id)",
    "CREATE INDEX tickets_state_idx"
    " ON after_sales.tickets (partition_id, shop_id, state, created_at, ticket_id)",
    "CREATE INDEX tickets_buyer_idx"
    " ON after_sales.tickets (partition_id, shop_id, buyer_id, created_at, ticket_id)",
    "CREATE INDEX tickets_order_idx ON after_sales.tickets (partition_id, shop_id, order_id)",
    "CREATE INDEX tickets_overdue_idx"
    " ON after_sales.tickets (partition_id, shop_id, created_at, ticket_id) WHERE overdue",
    "CREATE INDEX tickets_due_idx"
    " ON after_sales.tickets (partition_id, shop_id, due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX deadlines_due_idx ON after_sales.deadlines (partition_id, due_at)",
    "CREATE INDEX notifications_inbox_idx ON after_sales.notifications"
    " (partition_id, shop_id, recipient_role, recipient_id, created_at, notification_id)",
)

TABLES = ("orders", "operation_log", "tickets", "deadlines", "notifications")


def upgrade() -> None:
    """Create the tables that readers fill from the log."""
    op.execute(CREATE_ORDERS)
    op.execute(CREATE_OPERATION_LOG)
    op.execute(CREATE_TICKETS)
    op.execute(CREATE_DEADLINES)
    op.execute(CREATE_NOTIFICATIONS)
    for index in CREATE_INDEXES:
        op.execute(index)
    for table in TABLES:
        distribute_table(table)


def downgrade() -> None:
    """Drop them; readers fill them again from the log."""
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE after_sales.{table}")
