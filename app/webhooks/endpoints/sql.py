"""The statements endpoints are made and changed with, in every partition they have a row in."""

LOCK_OWNER = "SELECT pg_advisory_xact_lock($1, hashtext($2))"

# Events from now on are for it: the head is what was the last one before.
INSERT = """
INSERT INTO after_sales.webhook_endpoints
    (partition_id, endpoint_id, shop_id, url, description, event_types, ordered, rate_per_second,
     include, api_version, header_names, headers_sealed, public_key, secrets_sealed, enabled,
     since_position, version, created_at, changed_at)
SELECT h.partition_id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, true, h.position, 1,
       $15, $15
FROM after_sales.log_heads AS h
WHERE h.partition_id = ANY ($1::smallint[])
"""

CHANGE = """
UPDATE after_sales.webhook_endpoints AS e
SET url = $3, description = $4, event_types = $5, ordered = $6, rate_per_second = $7,
    include = $8,
    header_names = CASE WHEN $9 THEN $10 ELSE e.header_names END,
    headers_sealed = CASE WHEN $9 THEN $11 ELSE e.headers_sealed END,
    version = e.version + 1, changed_at = $12
WHERE e.partition_id = ANY ($1::smallint[]) AND e.endpoint_id = $2
"""

DISABLE = """
UPDATE after_sales.webhook_endpoints AS e
SET enabled = false, disabled_reason = $3, disabled_at = $4, version = e.version + 1,
    changed_at = $4
WHERE e.partition_id = ANY ($1::smallint[]) AND e.endpoint_id = $2
"""

# What happened in between is not for it, unless it is asked for.
ENABLE = """
UPDATE after_sales.webhook_endpoints AS e
SET enabled = true, disabled_reason = NULL, disabled_at = NULL, since_position = h.position,
    version = e.version + 1, changed_at = $3
FROM after_sales.log_heads AS h
WHERE e.partition_id = ANY ($1::smallint[]) AND e.endpoint_id = $2
  AND h.partition_id = e.partition_id
"""

# What its workers know of it begins anew too: how long it failed counts from now.
WAKE_QUEUES = """
UPDATE after_sales.webhook_queues AS q
SET due_at = 'epoch', failing_since = NULL, enabled_version = $3
WHERE q.partition_id = ANY ($1::smallint[]) AND q.endpoint_id = $2
"""

READ_SECRETS = """
SELECT e.secrets_sealed FROM after_sales.webhook_endpoints AS e
WHERE e.partition_id = $1 AND e.endpoint_id = $2
"""

ROTATE = """
UPDATE after_sales.webhook_endpoints AS e
SET secrets_sealed = $3, public_key = $4, former_secret_until = $5, version = e.version + 1,
    changed_at = $6
WHERE e.partition_id = ANY ($1::smallint[]) AND e.endpoint_id = $2
"""

DELETE = """
DELETE FROM after_sales.webhook_endpoints AS e
WHERE e.partition_id = ANY ($1::smallint[]) AND e.endpoint_id = $2
"""

ADD_CHANGE = """
INSERT INTO after_sales.webhook_endpoint_changes
    (partition_id, endpoint_id, version, kind, settings, actor_role, actor_id, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
