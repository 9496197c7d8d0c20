"""The ledger of shops' money, and the balances of its accounts."""

from alembic import op

from app.event_store.citus import distribute_table

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# A sum of bigints is numeric, so nothing wraps around. The body is parsed now, not when it runs:
# it holds whatever the search path, in a restored dump too.
CREATE_ADDS_UP = """
CREATE FUNCTION after_sales.adds_up(accounts text[], amounts bigint[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT cardinality(accounts) = cardinality(amounts)
       AND array_position(accounts, NULL) IS NULL
       AND coalesce(bool_and(a.amount IS NOT NULL) AND sum(a.amount) = 0, false)
    FROM unnest(amounts) AS a(amount);
END
"""

CREATE_LEDGER = """
CREATE TABLE after_sales.ledger (
    partition_id smallint NOT NULL,
    position bigint NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    journal_id text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    kind text COLLATE "C" NOT NULL,
    order_id text COLLATE "C",
    ticket_id text COLLATE "C",
    refund_key text COLLATE "C",
    reference text COLLATE "C",
    accounts text[] COLLATE "C" NOT NULL,
    amounts bigint[] NOT NULL,
    CONSTRAINT ledger_pkey PRIMARY KEY (partition_id, position),
    CONSTRAINT ledger_adds_up CHECK (after_sales.adds_up(accounts, amounts))
)
"""

CREATE_BALANCES = """
CREATE TABLE after_sales.balances (
    partition_id smallint NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL,
    balance numeric(30) NOT NULL,
    reserved numeric(30) NOT NULL,
    CONSTRAINT balances_pkey PRIMARY KEY (partition_id, shop_id, account)
) WITH (fillfactor = 50)
"""

ACCOUNTS = (
    "cash_alipay",
    "cash_wechat",
    "cash_aggregate",
    "deposit",
    "escrow",
    "talent",
    "agency",
    "service_fee",
    "platform_advance",
    "in_transit",
    "outside",
)

# As for other lists: the shop first, then what is equal, then the order of the list.
CREATE_INDEXES = (
    "CREATE INDEX ledger_newest_idx ON after_sales.ledger (partition_id, shop_id, at, journal_id)",
    "CREATE INDEX ledger_kind_idx"
    " ON after_sales.ledger (partition_id, shop_id, kind, at, journal_id)",
    "CREATE INDEX ledger_order_idx"
    " ON after_sales.ledger (partition_id, shop_id, order_id, at, journal_id)"
    " WHERE order_id IS NOT NULL",
    "CREATE INDEX ledger_refund_idx"
    " ON after_sales.ledger (partition_id, shop_id, refund_key, at, journal_id)"
    " WHERE refund_key IS NOT NULL",
    *(
        f"CREATE INDEX ledger_{account}_idx"
        " ON after_sales.ledger (partition_id, shop_id, at, journal_id)"
        f" WHERE '{account}' = ANY (accounts)"
        for account in ACCOUNTS
    ),
)


def upgrade() -> None:
    """Create the tables; the reader `ledger` fills them from the beginning of the log."""
    op.execute(CREATE_ADDS_UP)
    op.execute(CREATE_LEDGER)
    op.execute(CREATE_BALANCES)
    for index in CREATE_INDEXES:
        op.execute(index)
    for table in ("ledger", "balances"):
        distribute_table(table)


def downgrade() -> None:
    """Drop them; they are made from the log again."""
    for table in ("balances", "ledger"):
        op.execute(f"DROP TABLE after_sales.{table}")
    op.execute("DROP FUNCTION after_sales.adds_up")
    op.execute("DELETE FROM after_sales.checkpoints WHERE reader = 'ledger'")
