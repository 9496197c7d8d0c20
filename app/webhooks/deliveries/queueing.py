"""Adding messages to the queues of endpoints: each once, in order for ordered endpoints."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.event_store.connections import Connection
from app.projections.rows import columns_of
from app.webhooks.deliveries.tables import NO_COUNTS, Cause

ROWS_MAX = 5_000
"""The maximum number of deliveries per statement."""

# Always locked in this order, against deadlocks.
LOCK_QUEUES = """
INSERT INTO after_sales.webhook_queues AS q
    (partition_id, endpoint_id, test_shop_id, pending, delivered, given_up, attempts_failed,
     latency_ms_sum, latency_counts)
SELECT r.partition_id, r.endpoint_id, r.test_shop_id, 0, 0, 0, 0, 0, $4::bigint[]
FROM unnest($1::smallint[], $2::uuid[], $3::text[]) AS r(partition_id, endpoint_id, test_shop_id)
ORDER BY r.partition_id, r.endpoint_id
ON CONFLICT (partition_id, endpoint_id) DO UPDATE SET test_shop_id = EXCLUDED.test_shop_id
"""

# The retention of an existing message begins again.
ADD_MESSAGES = """
INSERT INTO after_sales.webhook_messages AS m
    (partition_id, message_id, api_version, body, kept_from)
SELECT r.partition_id, r.message_id, r.api_version, r.body, clock_timestamp()
FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::text[])
    AS r(partition_id, message_id, api_version, body)
ON CONFLICT (partition_id, message_id, api_version) DO UPDATE SET kept_from = EXCLUDED.kept_from
WHERE EXCLUDED.kept_from > m.kept_from + interval '1 day'
"""

# In an ordered queue only the first delivery of a stream is queued; the others wait for it.
# Existing deliveries, sent or not, are left unchanged.
ADD_DELIVERIES = """
WITH added AS (
    INSERT INTO after_sales.webhook_deliveries
        (partition_id, endpoint_id, message_id, api_version, position, ordinal, shop_id, stream_id,
         order_id, type, cause, state, attempts, failures, due_at, created_at)
    SELECT r.partition_id, r.endpoint_id, r.message_id, r.api_version, r.position, r.ordinal,
           r.shop_id, r.stream_id, r.order_id, r.type, r.cause,
           CASE WHEN r.ordered AND (r.place > 1 OR EXISTS (
               SELECT FROM after_sales.webhook_deliveries AS d
               WHERE d.partition_id = r.partition_id AND d.endpoint_id = r.endpoint_id
                 AND d.stream_id = r.stream_id AND d.state IN ('queued', 'waiting')))
           THEN 'waiting' ELSE 'queued' END, 0, 0, r.due_at,
           coalesce(r.created_at, clock_timestamp())
    FROM (
        SELECT *, row_number() OVER (
            PARTITION BY g.partition_id, g.endpoint_id, g.stream_id ORDER BY g.position, g.ordinal
        ) AS place
        FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[],
                    $6::smallint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
                    $12::boolean[], $13::timestamptz[], $14::timestamptz[])
            AS g(partition_id, endpoint_id, message_id, api_version, position, ordinal, shop_id,
                 stream_id, order_id, type, cause, ordered, due_at, created_at)
        WHERE NOT EXISTS (
            SELECT FROM after_sales.webhook_deliveries AS d
            WHERE d.partition_id = g.partition_id AND d.endpoint_id = g.endpoint_id
              AND d.message_id = g.message_id)
    ) AS r
    ON CONFLICT (partition_id, endpoint_id, message_id) DO NOTHING
    RETURNING partition_id, endpoint_id, due_at
), grown AS (
    SELECT a.partition_id, a.endpoint_id, count(*) AS rows, min(a.due_at) AS due_at
    FROM added AS a GROUP BY a.partition_id, a.endpoint_id
)
UPDATE after_sales.webhook_queues AS q
SET pending = q.pending + g.rows, due_at = least(q.due_at, g.due_at)
FROM grown AS g
WHERE q.partition_id = ANY ($1::smallint[])
  AND q.partition_id = g.partition_id AND q.endpoint_id = g.endpoint_id
RETURNING g.rows
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message: a public event in one form, or a test.

    ``form``: the name of a `BodyForm`, under which the body is stored.
    """

    partition_id: int
    message_id: UUID
    form: str
    body: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedDelivery:
    """A message for an endpoint. ``due_at`` and ``created_at`` are by the owner's clock.

    Without ``created_at`` it is the database's present. ``test_shop_id``: the shop whose test clock
    the endpoint uses. ``stream_id``, ``position`` and ``ordinal`` give the order if ``ordered``.
    """

    message: Message
    endpoint_id: UUID
    test_shop_id: str | None
    position: int
    ordinal: int
    shop_id: str
    stream_id: str
    order_id: str | None
    type: str
    cause: Cause
    ordered: bool
    due_at: datetime
    created_at: datetime | None


async def queue_deliveries(connection: Connection, deliveries: Sequence[QueuedDelivery]) -> int:
    """Queue deliveries, those of a stream in order; return the number of new ones.

    In an open transaction; the queues stay locked until it ends.
    """
    if not deliveries:
        return 0
    queues = {(one.message.partition_id, one.endpoint_id): one.test_shop_id for one in deliveries}
    rows = [(*queue, test_shop_id) for queue, test_shop_id in queues.items()]
    await connection.execute(LOCK_QUEUES, *columns_of(rows), NO_COUNTS)
    new = 0
    for start in range(0, len(deliveries), ROWS_MAX):
        some = deliveries[start : start + ROWS_MAX]
        messages = {(one.message.message_id, one.message.form): one.message for one in some}
        await connection.execute(ADD_MESSAGES, *columns_of(_message_rows(messages.values())))
        added = await connection.fetch(ADD_DELIVERIES, *columns_of(map(_row, some)))
        new += sum(row["rows"] for row in added)
    return new


def _message_rows(messages: Iterable[Message]) -> Iterator[tuple[object, ...]]:
    for one in messages:
        yield one.partition_id, one.message_id, one.form, one.body


def _row(one: QueuedDelivery) -> tuple[object, ...]:
    message = one.message
    return (
        *(message.partition_id, one.endpoint_id, message.message_id, message.form),
        *(one.position, one.ordinal, one.shop_id, one.stream_id, one.order_id, one.type),
        *(one.cause.value, one.ordered, one.due_at, one.created_at),
    )
