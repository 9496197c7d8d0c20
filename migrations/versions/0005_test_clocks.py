"""Test clocks of shops, and what tells a test shop's deadlines and log lines from production's."""

from alembic import op
from sqlalchemy import text

from app.event_store.citus import distribute_table

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Few rows, updated often while they advance.
CREATE_TEST_CLOCKS = """
CREATE TABLE after_sales.test_clocks (
    partition_id smallint NOT NULL,
    shop_id text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    now timestamptz NOT NULL,
    target timestamptz,
    fell_due integer NOT NULL,
    version integer NOT NULL,
    claim uuid,
    claimed_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT test_clocks_pkey PRIMARY KEY (partition_id, shop_id)
) WITH (fillfactor = 50)
"""

CREATE_ADVANCING_INDEX = """
CREATE INDEX test_clocks_advancing_idx ON after_sales.test_clocks (partition_id)
WHERE target IS NOT NULL
"""

# Everything there is already is of the system's clock: neither statement rewrites a row.
ADD_TEST_SHOP_TO_DEADLINES = 'ALTER TABLE after_sales.deadlines ADD test_shop_id text COLLATE "C"'
ADD_CLOCK_TO_LOG = "ALTER TABLE after_sales.operation_log ADD clock text NOT NULL DEFAULT 'system'"

DROP_DUE_INDEX = "DROP INDEX after_sales.deadlines_due_idx"
CREATE_DUE_INDEXES = (
    "CREATE INDEX deadlines_due_idx ON after_sales.deadlines (partition_id, due_at)"
    " WHERE test_shop_id IS NULL",
    "CREATE INDEX deadlines_test_due_idx"
    " ON after_sales.deadlines (partition_id, test_shop_id, due_at)"
    " WHERE test_shop_id IS NOT NULL",
)
CREATE_OLD_DUE_INDEX = (
    "CREATE INDEX deadlines_due_idx ON after_sales.deadlines (partition_id, due_at)"
)

# What the append functions are told in addition. An item that begins a stream and was decided by
# the system's clock is in conflict if its shop has a test clock by now; whoever asked decides it
# again and finds the clock. Later items of a stream need no look: the events before them tell.
JUDGED = "WHEN s.version <> i.expected THEN 'version_conflict'"
JUDGED_BY_CLOCK = """WHEN s.version <> i.expected THEN 'version_conflict'
                        WHEN c.shop_id IS NOT NULL AND EXISTS (
                            SELECT FROM unnest(p_items, p_metadata) AS m(item, metadata)
                            WHERE m.item = i.item AND m.metadata ->> 'clock' <> 'test'
                        ) THEN 'version_conflict'"""
FOUND = ") AS k ON true"
FOUND_CLOCK = """) AS k ON true
            LEFT JOIN LATERAL (
                SELECT t.shop_id FROM after_sales.test_clocks AS t
                WHERE t.partition_id = {partition_of_item}
                  AND t.shop_id = split_part(i.stream_id, '/', 2) AND i.expected = 0
                LIMIT 1
            ) AS c ON true"""
PARTITION_OF_ITEM = {"append": "p_partition", "append_across": "p_partitions[i.item]"}


def upgrade() -> None:
    """Create the table, tell clocks apart, and keep production's events out of test shops."""
    op.execute(CREATE_TEST_CLOCKS)
    op.execute(CREATE_ADVANCING_INDEX)
    distribute_table("test_clocks")
    op.execute(ADD_TEST_SHOP_TO_DEADLINES)
    op.execute(DROP_DUE_INDEX)
    for index in CREATE_DUE_INDEXES:
        op.execute(index)
    op.execute(ADD_CLOCK_TO_LOG)
    for function, partition in PARTITION_OF_ITEM.items():
        found_clock = FOUND_CLOCK.format(partition_of_item=partition)
        _rewrite(function, {JUDGED: JUDGED_BY_CLOCK, FOUND: found_clock})


def downgrade() -> None:
    """Forget test clocks: every shop is in production then."""
    for function, partition in PARTITION_OF_ITEM.items():
        found_clock = FOUND_CLOCK.format(partition_of_item=partition)
        _rewrite(function, {JUDGED_BY_CLOCK: JUDGED, found_clock: FOUND})
    op.execute("ALTER TABLE after_sales.operation_log DROP clock")
    op.execute("DROP INDEX after_sales.deadlines_test_due_idx")
    op.execute(DROP_DUE_INDEX)
    op.execute("ALTER TABLE after_sales.deadlines DROP test_shop_id")
    op.execute(CREATE_OLD_DUE_INDEX)
    op.execute("DROP TABLE after_sales.test_clocks")


def _rewrite(function: str, changes: dict[str, str]) -> None:
    """Replace parts of a function as it stands; each part is there exactly once, or nothing is."""
    definition: str = (
        op.get_bind()
        .execute(
            text(
                "SELECT pg_get_functiondef(p.oid) FROM pg_proc AS p"
                " WHERE p.pronamespace = 'after_sales'::regnamespace AND p.proname = :name"
            ),
            {"name": function},
        )
        .scalar_one()
    )
    for old, new in changes.items():
        if definition.count(old) != 1:
            raise RuntimeError(f"after_sales.{function} is not what migration 0001 made")
        definition = definition.replace(old, new)
    op.get_bind().exec_driver_sql(definition)
