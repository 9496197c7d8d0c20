"""Recording outcomes of attempts: many in one transaction, as they end faster than single commits.

An outcome is recorded for the claim that made the attempt, not for a later one; a success is
recorded in any case.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from app.event_store.connections import LOST_CONNECTION, Connection
from app.leased_work.batching import Batcher
from app.postgres.pool import CONNECTION_FAILURES, Pool
from app.projections.rows import columns_of
from app.topology import Topology
from app.webhooks import outcomes
from app.webhooks.deliveries.claims import ClaimedDelivery, DeliveryKey, Queue, holding_queues
from app.webhooks.deliveries.tables import counts_of

TOGETHER_MAX = 500
RETRY_SECONDS = 0.5
RETRIES_MAX = 60
"""For half a minute a lost database is retried; after that the deliveries will be sent again."""

_DATABASE_AWAY: tuple[type[Exception], ...] = (*CONNECTION_FAILURES, *LOST_CONNECTION)
_log = structlog.get_logger(__name__)

LOCK_QUEUES = """
SELECT q.endpoint_id
FROM after_sales.webhook_queues AS q
JOIN unnest($1::smallint[], $2::uuid[]) AS r(partition_id, endpoint_id)
  ON q.partition_id = r.partition_id AND q.endpoint_id = r.endpoint_id
WHERE q.partition_id = ANY ($1::smallint[])
ORDER BY q.partition_id, q.endpoint_id
FOR UPDATE OF q
"""

ADD_ATTEMPTS = """
INSERT INTO after_sales.webhook_attempts
    (partition_id, endpoint_id, message_id, attempt, at, outcome, detail, status, latency_ms,
     answer)
SELECT r.partition_id, r.endpoint_id, r.message_id, r.attempt, r.at, r.outcome, r.detail, r.status,
       r.latency_ms, r.answer
FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::integer[], $5::timestamptz[], $6::text[],
            $7::text[], $8::smallint[], $9::integer[], $10::text[])
    AS r(partition_id, endpoint_id, message_id, attempt, at, outcome, detail, status, latency_ms,
         answer)
ON CONFLICT (partition_id, endpoint_id, message_id, attempt) DO NOTHING
"""

# A success counts even if a later claim is under way.
SETTLE = """
UPDATE after_sales.webhook_deliveries AS d
SET state = r.state, failures = d.failures + (r.state <> 'delivered')::integer,
    due_at = coalesce(r.due_at, d.due_at), claimed_until = NULL,
    settled_at = CASE WHEN r.state <> 'queued' THEN r.at END, last_status = r.status,
    last_outcome = r.outcome
FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::integer[], $5::text[], $6::timestamptz[],
            $7::timestamptz[], $8::smallint[], $9::text[])
    AS r(partition_id, endpoint_id, message_id, attempt, state, due_at, at, status, outcome)
WHERE d.partition_id = ANY ($1::smallint[])
  AND d.partition_id = r.partition_id AND d.endpoint_id = r.endpoint_id
  AND d.message_id = r.message_id
  AND d.state = 'queued' AND (r.state = 'delivered' OR d.attempts = r.attempt)
RETURNING d.partition_id, d.endpoint_id, d.stream_id, d.state, r.due_at, r.at
"""

# The first waiting delivery of a stream is queued, unless one is queued already.
RELEASE = """
UPDATE after_sales.webhook_deliveries AS d
SET state = 'queued', due_at = n.at
FROM (
    SELECT f.partition_id, f.endpoint_id, f.message_id, s.at
    FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::timestamptz[])
        AS s(partition_id, endpoint_id, stream_id, at)
    CROSS JOIN LATERAL (
        SELECT d.partition_id, d.endpoint_id, d.message_id, d.state
        FROM after_sales.webhook_deliveries AS d
        WHERE d.partition_id = s.partition_id AND d.endpoint_id = s.endpoint_id
          AND d.stream_id = s.stream_id AND d.state IN ('queued', 'waiting')
        ORDER BY d.position, d.ordinal
        LIMIT 1
    ) AS f
    WHERE f.state = 'waiting'
) AS n
WHERE d.partition_id = ANY ($1::smallint[])
  AND d.partition_id = n.partition_id AND d.endpoint_id = n.endpoint_id
  AND d.message_id = n.message_id AND d.state = 'waiting'
RETURNING d.partition_id, d.endpoint_id, d.due_at
"""

COUNT = """
UPDATE after_sales.webhook_queues AS q
SET pending = q.pending - r.settled,
    delivered = q.delivered + r.delivered,
    given_up = q.given_up + r.settled - r.delivered,
    attempts_failed = q.attempts_failed + r.failed,
    latency_ms_sum = q.latency_ms_sum + r.latency_ms,
    latency_counts = ARRAY(
        SELECT coalesce(a, 0) + coalesce(b, 0)
        FROM unnest(q.latency_counts, string_to_array(r.latencies, ' ')::bigint[])
            WITH ORDINALITY AS u(a, b, place)
        ORDER BY place
    ),
    due_at = least(q.due_at, r.due_at),
    failing_since = CASE WHEN r.success_at IS NOT NULL THEN NULL
                         ELSE coalesce(q.failing_since, r.failure_at) END,
    last_success_at = greatest(q.last_success_at, r.success_at),
    last_failure_at = greatest(q.last_failure_at, r.failure_at)
FROM unnest($1::smallint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
            $7::text[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[])
    AS r(partition_id, endpoint_id, settled, delivered, failed, latency_ms, latencies, due_at,
         success_at, failure_at)
WHERE q.partition_id = ANY ($1::smallint[])
  AND q.partition_id = r.partition_id AND q.endpoint_id = r.endpoint_id
RETURNING q.endpoint_id, q.failing_since
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedAttempt:
    """An attempt of a delivery that ended. ``at`` and ``retry_at`` are by the owner's clock.

    ``retry_at``: the time of the next attempt, unless it was delivered; None after the last one.
    """

    delivery: ClaimedDelivery
    attempt: outcomes.Attempt
    at: datetime
    retry_at: datetime | None

    @property
    def key(self) -> DeliveryKey:
        """The key of the delivery."""
        return self.delivery.key

    @property
    def delivered(self) -> bool:
        """Whether the attempt succeeded."""
        return isinstance(self.attempt.outcome, outcomes.Delivered)

    @property
    def state(self) -> str:
        """The state of the delivery after the attempt."""
        if self.delivered:
            return "delivered"
        return "failed" if self.retry_at is None else "queued"

    @property
    def latency_ms(self) -> int:
        """The duration of the attempt."""
        return round(self.attempt.latency_seconds * 1_000)


@dataclass(slots=True)
class _Counted:
    """Changes to the counters of a queue."""

    settled: int = 0
    delivered: int = 0
    due_at: datetime | None = None

    def due(self, at: datetime) -> None:
        self.due_at = at if self.due_at is None else min(self.due_at, at)


class AttemptRecorder:
    """Records outcomes in batches: those that arrive during a write go into the next one.

    On Citus a transaction covers one partition.
    """

    def __init__(self, pool: Pool, topology: Topology) -> None:
        self._pool = pool
        self._batcher = Batcher(
            self._record_all,
            batch_max=TOGETHER_MAX,
            apart=(lambda one: one.key.partition_id) if topology is Topology.CITUS else None,
        )

    async def record(self, attempt: EndedAttempt) -> datetime | None:
        """Record an outcome; raises if the database stays unavailable.

        Returns since when the endpoint fails in that partition; None if it does not.
        """
        return await self._batcher.submit(attempt)

    async def _record_all(self, attempts: Sequence[EndedAttempt]) -> list[datetime | None]:
        for _ in range(RETRIES_MAX):
            try:
                failing = await record_attempts(self._pool, attempts)
                break
            except _DATABASE_AWAY as error:
                _log.warning("webhook_outcomes_wait_for_database", reason=error)
                await asyncio.sleep(RETRY_SECONDS)
        else:
            failing = await record_attempts(self._pool, attempts)
        return [failing.get(one.key.endpoint_id) for one in attempts]


async def record_attempts(pool: Pool, ended: Sequence[EndedAttempt]) -> dict[UUID, datetime]:
    """Record outcomes in one transaction; return since when each failing endpoint fails.

    The instants are those of the partition.
    """
    async with holding_queues(pool, durable=False) as connection:
        queues = sorted({one.key.queue for one in ended})
        await connection.fetch(LOCK_QUEUES, *columns_of(queues))
        await connection.execute(ADD_ATTEMPTS, *columns_of(map(_attempt_row, ended)))
        counted = await _settle(connection, ended)
        rows = await connection.fetch(COUNT, *columns_of(_count_rows(queues, ended, counted)))
    return {row["endpoint_id"]: row["failing_since"] for row in rows if row["failing_since"]}


async def release_next(
    connection: Connection, streams: Sequence[tuple[int, UUID, str, datetime]]
) -> list[tuple[Queue, datetime]]:
    """Queue the next delivery of streams (partition, endpoint, stream, instant).

    Returns the queues with such a delivery, and when it is due. They must be locked.
    """
    if not streams:
        return []
    rows = await connection.fetch(RELEASE, *columns_of(streams))
    return [((row["partition_id"], row["endpoint_id"]), row["due_at"]) for row in rows]


async def _settle(
    connection: Connection, ended: Sequence[EndedAttempt]
) -> defaultdict[Queue, _Counted]:
    counted: defaultdict[Queue, _Counted] = defaultdict(_Counted)
    streams: dict[tuple[int, UUID, str], datetime] = {}
    for row in await connection.fetch(SETTLE, *columns_of(map(_settled_row, ended))):
        queue = row["partition_id"], row["endpoint_id"]
        if row["state"] == "queued":
            counted[queue].due(row["due_at"])
            continue
        counted[queue].settled += 1
        counted[queue].delivered += row["state"] == "delivered"
        streams[*queue, row["stream_id"]] = row["at"]
    for queue, due_at in await release_next(
        connection, [(*stream, at) for stream, at in streams.items()]
    ):
        counted[queue].due(due_at)
    return counted


def _attempt_row(one: EndedAttempt) -> tuple[object, ...]:
    outcome = one.attempt.outcome
    return (
        *(one.key.partition_id, one.key.endpoint_id, one.key.message_id, one.delivery.attempt),
        *(one.at, outcome.code, outcomes.detail_of(outcome), outcomes.status_of(outcome)),
        *(one.latency_ms, outcomes.answer_of(outcome)),
    )


def _settled_row(one: EndedAttempt) -> tuple[object, ...]:
    outcome, retry_at = one.attempt.outcome, None if one.delivered else one.retry_at
    return (
        *(one.key.partition_id, one.key.endpoint_id, one.key.message_id, one.delivery.attempt),
        *(one.state, retry_at, one.at, outcomes.status_of(outcome), outcome.code),
    )


def _count_rows(
    queues: Sequence[Queue], ended: Sequence[EndedAttempt], counted: defaultdict[Queue, _Counted]
) -> Iterator[tuple[object, ...]]:
    of_queue: defaultdict[Queue, list[EndedAttempt]] = defaultdict(list)
    for one in ended:
        of_queue[one.key.queue].append(one)
    for queue in queues:
        own, count = of_queue[queue], counted[queue]
        latencies = [one.latency_ms for one in own]
        yield (
            *(*queue, count.settled, count.delivered),
            *(sum(not one.delivered for one in own), sum(latencies)),
            *(" ".join(map(str, counts_of(latencies))), count.due_at),
            *(_latest(own, delivered=True), _latest(own, delivered=False)),
        )


def _latest(ended: Sequence[EndedAttempt], *, delivered: bool) -> datetime | None:
    return max((one.at for one in ended if one.delivered is delivered), default=None)
