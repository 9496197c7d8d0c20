"""The event log: heads, events, idempotency keys, checkpoints and the append functions."""

from alembic import op

from app.event_store.citus import allow_triggers, distribute_function, distribute_table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PARTITION_COUNT = 64

# Few rows, updated all the time: a mostly empty page keeps every new row version on it (HOT).
CREATE_LOG_HEADS = """
CREATE TABLE after_sales.log_heads (
    partition_id smallint NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT log_heads_pkey PRIMARY KEY (partition_id)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)
"""

# Identifiers are compared byte by byte ("C"): fast, and safe from changes of the system's locale.
CREATE_EVENTS = """
CREATE TABLE after_sales.events (
    partition_id smallint NOT NULL,
    position bigint NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    schema_version smallint NOT NULL,
    data jsonb NOT NULL,
    metadata jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT events_pkey PRIMARY KEY (partition_id, position),
    CONSTRAINT events_partition_id_stream_id_version_key
        UNIQUE (partition_id, stream_id, version)
)
"""

CREATE_IDEMPOTENCY_KEYS = """
CREATE TABLE after_sales.idempotency_keys (
    partition_id smallint NOT NULL,
    scope text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    response bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (partition_id, scope, key)
)
"""

CREATE_IDEMPOTENCY_KEYS_INDEX = """
CREATE INDEX idempotency_keys_partition_id_created_at_idx
    ON after_sales.idempotency_keys (partition_id, created_at)
"""

CREATE_CHECKPOINTS = """
CREATE TABLE after_sales.checkpoints (
    partition_id smallint NOT NULL,
    reader text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    status text NOT NULL,
    error text,
    failed_position bigint,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT checkpoints_pkey PRIMARY KEY (partition_id, reader)
) WITH (fillfactor = 25, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)
"""

INSERT_LOG_HEADS = f"""
INSERT INTO after_sales.log_heads (partition_id, position)
SELECT p, 0 FROM generate_series(0, {PARTITION_COUNT - 1}) AS p
"""

CREATE_REFUSAL = """
CREATE FUNCTION after_sales.refuse_change_of_events() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'after_sales.events is append-only: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$
"""

REFUSE_CHANGE_OF_ROWS = """
CREATE TRIGGER events_refuse_update_delete BEFORE UPDATE OR DELETE ON after_sales.events
FOR EACH ROW EXECUTE FUNCTION after_sales.refuse_change_of_events()
"""

REFUSE_TRUNCATE = """
CREATE TRIGGER events_refuse_truncate BEFORE TRUNCATE ON after_sales.events
FOR EACH STATEMENT EXECUTE FUNCTION after_sales.refuse_change_of_events()
"""

# Both append functions come from this text. Statement by statement:
#  1. take the heads' locks in partition order, so that appends queue up and never deadlock;
#  2. with a snapshot taken after that, judge every item: what it may write, and from where;
#  3. move the heads by what is really written, so that a refused item burns no position;
#  4. insert the events, and the answers to the requests that made them.
# Columns that no item has a value for may be given as empty arrays.
# An item's answer is one text: 'written|version|first position', 'version_conflict|version',
# 'duplicate|status|response in hex' or 'key_reused'. A plain text[] is what Citus can delegate.
# `base` is the position before an item's first event, and -1 for an item that writes nothing.
# Sequential scans are off because the functions' cached plans outlive an empty table.
APPEND_FUNCTION = """
CREATE FUNCTION after_sales.{name}(
    {partition_parameter},
    p_streams text[], p_expected integer[], p_event_counts integer[],
    p_scopes text[], p_keys text[], p_fingerprints bytea[], p_statuses smallint[],
    p_responses bytea[],
    p_items integer[], p_numbers integer[], p_event_ids uuid[], p_types text[],
    p_schema_versions smallint[], p_data jsonb[], p_metadata jsonb[], p_occurred timestamptz[]
) RETURNS text[]
LANGUAGE plpgsql {settings} AS $$
DECLARE
    v_base bigint[];
    v_answers text[];
    v_gained bigint;
BEGIN
    PERFORM 1 FROM after_sales.log_heads AS h
    WHERE h.partition_id {in_scope} ORDER BY h.partition_id FOR UPDATE;

    SELECT array_agg(CASE WHEN n.outcome = 'written' THEN n.base ELSE -1 END ORDER BY n.item),
           array_agg(CASE n.outcome
               WHEN 'written' THEN concat_ws(
                   '|', n.outcome, n.actual_version + n.event_count, n.base + 1)
               WHEN 'version_conflict' THEN concat_ws('|', n.outcome, n.actual_version)
               WHEN 'duplicate' THEN concat_ws(
                   '|', n.outcome, n.stored_status, encode(n.stored_response, 'hex'))
               ELSE n.outcome END ORDER BY n.item),
           sum(n.event_count) FILTER (WHERE n.outcome = 'written')
    INTO v_base, v_answers, v_gained
    FROM (
        SELECT j.*, j.head + coalesce(
            sum(j.event_count) FILTER (WHERE j.outcome = 'written') OVER (
                PARTITION BY j.partition_id ORDER BY j.item
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS base
        FROM (
            SELECT i.item, i.event_count, h.partition_id, h.position AS head,
                   s.version AS actual_version,
                   k.status AS stored_status, k.response AS stored_response,
                   CASE WHEN k.fingerprint = i.fingerprint THEN 'duplicate'
                        WHEN k.fingerprint IS NOT NULL THEN 'key_reused'
                        WHEN s.version <> i.expected THEN 'version_conflict'
                        ELSE 'written' END AS outcome
            FROM unnest(p_streams, p_expected, p_event_counts, p_scopes, p_keys, p_fingerprints)
                WITH ORDINALITY
                AS i(stream_id, expected, event_count, scope, key, fingerprint, item)
            JOIN after_sales.log_heads AS h ON h.partition_id = {partition_of_item}
            CROSS JOIN LATERAL (
                SELECT coalesce(max(e.version), 0) AS version FROM after_sales.events AS e
                WHERE e.partition_id = {partition_of_item} AND e.stream_id = i.stream_id
            ) AS s
            LEFT JOIN LATERAL (
                SELECT r.fingerprint, r.status, r.response
                FROM after_sales.idempotency_keys AS r
                WHERE r.partition_id = {partition_of_item}
                  AND r.scope = i.scope AND r.key = i.key
                LIMIT 1
            ) AS k ON true
        ) AS j
    ) AS n;

    IF v_gained > 0 THEN
        {advance_heads}

        INSERT INTO after_sales.events
            (partition_id, position, stream_id, version, event_id, type, schema_version,
             data, metadata, occurred_at)
        SELECT {partition_of_event}, v_base[e.item] + e.number, p_streams[e.item],
               p_expected[e.item] + e.number, e.event_id, e.type, e.schema_version,
               e.data, e.metadata, e.occurred_at
        FROM unnest(p_items, p_numbers, p_event_ids, p_types, p_schema_versions, p_data,
                    p_metadata, p_occurred)
            AS e(item, number, event_id, type, schema_version, data, metadata, occurred_at)
        WHERE v_base[e.item] >= 0;
    END IF;

    IF cardinality(p_keys) > 0 THEN
        INSERT INTO after_sales.idempotency_keys
            (partition_id, scope, key, fingerprint, status, response)
        SELECT {partition_of_item}, i.scope, i.key, i.fingerprint, i.status, i.response
        FROM unnest(p_scopes, p_keys, p_fingerprints, p_statuses, p_responses) WITH ORDINALITY
            AS i(scope, key, fingerprint, status, response, item)
        WHERE i.key IS NOT NULL AND v_base[i.item] >= 0;
    END IF;

    RETURN v_answers;
END
$$
"""

# For one partition: what Citus runs on the node that holds it. No generic plan is forced,
# because Citus finds the shard from the value of the parameter.
APPEND = APPEND_FUNCTION.format(
    name="append",
    partition_parameter="p_partition smallint",
    settings="SET enable_seqscan = off",
    in_scope="= p_partition",
    partition_of_item="p_partition",
    partition_of_event="p_partition",
    advance_heads="""
        UPDATE after_sales.log_heads AS h
        SET position = h.position + v_gained
        WHERE h.partition_id = p_partition;""",
)

# For many partitions at once, each item naming its own: a single Postgres only.
APPEND_ACROSS = APPEND_FUNCTION.format(
    name="append_across",
    partition_parameter="p_partitions smallint[]",
    settings="SET enable_seqscan = off SET plan_cache_mode = force_generic_plan",
    in_scope="= ANY (p_partitions)",
    partition_of_item="p_partitions[i.item]",
    partition_of_event="p_partitions[e.item]",
    advance_heads="""
        UPDATE after_sales.log_heads AS h
        SET position = h.position + w.gained
        FROM (
            SELECT i.partition_id, sum(i.event_count) AS gained
            FROM unnest(p_partitions, p_event_counts, v_base)
                AS i(partition_id, event_count, base)
            WHERE i.base >= 0
            GROUP BY i.partition_id
        ) AS w
        WHERE h.partition_id = w.partition_id AND w.gained > 0;""",
)

APPEND_ARGUMENT_TYPES = [
    "smallint",
    *("text[]", "integer[]", "integer[]"),
    *("text[]", "text[]", "bytea[]", "smallint[]", "bytea[]"),
    *("integer[]", "integer[]", "uuid[]", "text[]"),
    *("smallint[]", "jsonb[]", "jsonb[]", "timestamptz[]"),
]


def upgrade() -> None:
    """Create everything the log needs, and one head per partition."""
    op.execute("CREATE SCHEMA IF NOT EXISTS after_sales")
    op.execute(CREATE_LOG_HEADS)
    op.execute(CREATE_EVENTS)
    op.execute(CREATE_IDEMPOTENCY_KEYS)
    op.execute(CREATE_IDEMPOTENCY_KEYS_INDEX)
    op.execute(CREATE_CHECKPOINTS)
    for table in ("log_heads", "events", "idempotency_keys", "checkpoints"):
        distribute_table(table)
    op.execute(INSERT_LOG_HEADS)
    allow_triggers()
    op.execute(CREATE_REFUSAL)
    op.execute(REFUSE_CHANGE_OF_ROWS)
    op.execute(REFUSE_TRUNCATE)
    op.execute(APPEND)
    distribute_function("append", APPEND_ARGUMENT_TYPES)
    op.execute(APPEND_ACROSS)


def downgrade() -> None:
    """Drop the log with everything in it."""
    for function in ("append", "append_across"):
        op.execute(f"DROP FUNCTION after_sales.{function}")
    for table in ("checkpoints", "idempotency_keys", "events", "log_heads"):
        op.execute(f"DROP TABLE after_sales.{table}")
    op.execute("DROP FUNCTION after_sales.refuse_change_of_events")
