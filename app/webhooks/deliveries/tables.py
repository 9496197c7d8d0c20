"""The tables of deliveries: messages, deliveries, attempts and queues."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP

from app.event_store.tables import BytewiseText, metadata

_INSTANT = TIMESTAMP(timezone=True)


class DeliveryState(StrEnum):
    """The state of a delivery."""

    WAITING = "waiting"
    """Waits for another delivery of its order."""
    QUEUED = "queued"
    """To be sent when it is due."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """Given up after the last attempt."""


class Cause(StrEnum):
    """Why a delivery was queued."""

    EVENT = "event"
    """The event happened while the endpoint was enabled."""
    REPLAY = "replay"
    """The owner requested a replay."""
    TEST = "test"
    """The owner requested a test."""


webhook_messages = sa.Table(
    "webhook_messages",
    metadata,
    sa.Column("partition_id", sa.SmallInteger, nullable=False),
    sa.Column("message_id", sa.Uuid, nullable=False),
    sa.Column("api_version", BytewiseText, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("kept_from", _INSTANT, nullable=False),
    sa.PrimaryKeyConstraint(
        "partition_id", "message_id", "api_version", name="webhook_messages_pkey"
    ),
    sa.Index("webhook_messages_kept_idx", "partition_id", "kept_from"),
)
"""A message, stored once for all endpoints. Its id is the public event's.

``api_version`` is the name of the body's form: the version, or with its optional parts
(`2026-11-01+personal_data`); a delivery refers to the body by it.

``kept_from`` is when a delivery of it was last queued, by the database's clock.
"""

_UNSETTLED = sa.text("state IN ('queued', 'waiting')")
_LIST_END = ("created_at", "message_id")

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("partition_id", sa.SmallInteger, nullable=False),
    sa.Column("endpoint_id", sa.Uuid, nullable=False),
    sa.Column("message_id", sa.Uuid, nullable=False),
    sa.Column("api_version", BytewiseText, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("ordinal", sa.SmallInteger, nullable=False),
    sa.Column("shop_id", BytewiseText, nullable=False),
    sa.Column("stream_id", BytewiseText, nullable=False),
    sa.Column("order_id", BytewiseText),
    sa.Column("type", BytewiseText, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("state", BytewiseText, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("failures", sa.SmallInteger, nullable=False),
    sa.Column("due_at", _INSTANT, nullable=False),
    sa.Column("claimed_until", _INSTANT),
    sa.Column("created_at", _INSTANT, nullable=False),
    sa.Column("settled_at", _INSTANT),
    sa.Column("last_status", sa.SmallInteger),
    sa.Column("last_outcome", sa.Text),
    sa.PrimaryKeyConstraint(
        "partition_id", "endpoint_id", "message_id", name="webhook_deliveries_pkey"
    ),
    sa.Index(
        "webhook_deliveries_due_idx",
        *("partition_id", "endpoint_id", "due_at"),
        postgresql_where=sa.text("state = 'queued'"),
    ),
    sa.Index(
        "webhook_deliveries_stream_idx",
        *("partition_id", "endpoint_id", "stream_id", "position", "ordinal"),
        postgresql_where=_UNSETTLED,
    ),
    sa.Index("webhook_deliveries_list_idx", "partition_id", "endpoint_id", *_LIST_END),
    sa.Index("webhook_deliveries_state_idx", "partition_id", "endpoint_id", "state", *_LIST_END),
    sa.Index("webhook_deliveries_type_idx", "partition_id", "endpoint_id", "type", *_LIST_END),
    sa.Index(
        "webhook_deliveries_order_idx",
        *("partition_id", "endpoint_id", "order_id", *_LIST_END),
        postgresql_where=sa.text("order_id IS NOT NULL"),
    ),
)
"""A message for an endpoint, and its state. ``claimed_until`` is by the service's clock, all other
instants by the owner's.

``attempts`` counts claims and identifies the present one. ``failures`` counts recorded failures
since the schedule began, so a killed worker uses up no attempt.
"""

webhook_attempts = sa.Table(
    "webhook_attempts",
    metadata,
    sa.Column("partition_id", sa.SmallInteger, nullable=False),
    sa.Column("endpoint_id", sa.Uuid, nullable=False),
    sa.Column("message_id", sa.Uuid, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("at", _INSTANT, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("detail", sa.Text),
    sa.Column("status", sa.SmallInteger),
    sa.Column("latency_ms", sa.Integer, nullable=False),
    sa.Column("answer", sa.Text),
    sa.PrimaryKeyConstraint(
        "partition_id", "endpoint_id", "message_id", "attempt", name="webhook_attempts_pkey"
    ),
)
"""The attempts. ``answer`` is the beginning of the response's body, sanitized."""

webhook_paces = sa.Table(
    "webhook_paces",
    metadata,
    sa.Column("partition_id", sa.SmallInteger, nullable=False),
    sa.Column("endpoint_id", sa.Uuid, nullable=False),
    sa.Column("next_at", _INSTANT, nullable=False),
    sa.PrimaryKeyConstraint("partition_id", "endpoint_id", name="webhook_paces_pkey"),
)
"""When the next attempt may begin, for endpoints with a rate limit, by the database's clock. One
row an endpoint.
"""

webhook_queues = sa.Table(
    "webhook_queues",
    metadata,
    sa.Column("partition_id", sa.SmallInteger, nullable=False),
    sa.Column("endpoint_id", sa.Uuid, nullable=False),
    sa.Column("test_shop_id", BytewiseText),
    sa.Column("due_at", _INSTANT),
    sa.Column("claimed_until", _INSTANT),
    sa.Column("pending", sa.BigInteger, nullable=False),
    sa.Column("delivered", sa.BigInteger, nullable=False),
    sa.Column("given_up", sa.BigInteger, nullable=False),
    sa.Column("attempts_failed", sa.BigInteger, nullable=False),
    sa.Column("latency_ms_sum", sa.BigInteger, nullable=False),
    sa.Column("latency_counts", sa.ARRAY(sa.BigInteger), nullable=False),
    sa.Column("failing_since", _INSTANT),
    sa.Column("last_success_at", _INSTANT),
    sa.Column("last_failure_at", _INSTANT),
    sa.Column("enabled_version", sa.Integer, nullable=False, server_default="0"),
    sa.PrimaryKeyConstraint("partition_id", "endpoint_id", name="webhook_queues_pkey"),
    sa.Index(
        "webhook_queues_due_idx",
        *("partition_id", "due_at"),
        postgresql_where=sa.text("test_shop_id IS NULL"),
    ),
    sa.Index(
        "webhook_queues_test_idx",
        *("partition_id", "test_shop_id", "due_at"),
        postgresql_where=sa.text("test_shop_id IS NOT NULL"),
    ),
    sa.Index(
        "webhook_queues_claimed_idx",
        *("partition_id", "claimed_until"),
        postgresql_where=sa.text("claimed_until IS NOT NULL"),
    ),
)
"""The queue of an endpoint in a partition, with counters.

Nothing is due before ``due_at`` (by the owner's clock; NULL: nothing is due); claims of a worker
that died expire at ``claimed_until`` (by the service's clock). Every transaction that adds, claims
or settles deliveries locks the row first, which keeps order. ``enabled_version`` is the endpoint's
version when it was last enabled, so that every process resets its health. ``test_shop_id``: the
shop whose test clock the queue uses, if any.
"""


BOUNDS_MS = (25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 15_000)
"""Upper bounds of latency buckets, inclusive; one more bucket is for longer attempts."""

NO_COUNTS = [0] * (len(BOUNDS_MS) + 1)


OLDEST_PENDING = """LEFT JOIN LATERAL (
    SELECT least(
        (SELECT min(d.created_at) FROM after_sales.webhook_deliveries AS d
         WHERE d.partition_id = q.partition_id AND d.endpoint_id = q.endpoint_id
           AND d.state = 'queued'),
        (SELECT min(d.created_at) FROM after_sales.webhook_deliveries AS d
         WHERE d.partition_id = q.partition_id AND d.endpoint_id = q.endpoint_id
           AND d.state = 'waiting')) AS created_at
) AS o ON q.pending > 0"""
"""The join of a queue ``q`` with its oldest pending delivery: an index lookup per state."""


def counts_of(latencies_ms: Iterable[int]) -> list[int]:
    """Return the number of latencies in each bucket."""
    counts = list(NO_COUNTS)
    for latency_ms in latencies_ms:
        counts[sum(latency_ms > bound for bound in BOUNDS_MS)] += 1
    return counts


def latency_at(quantile: float, counts: Sequence[int]) -> int | None:
    """Return the upper bound of a quantile's bucket; None without counts.

    The last bucket has no bound, so the last bound stands for it.
    """
    wanted, seen = quantile * sum(counts), 0
    if wanted == 0:
        return None
    for bound, count in zip((*BOUNDS_MS, BOUNDS_MS[-1]), counts, strict=True):
        seen += count
        if seen >= wanted:
            return bound
    return BOUNDS_MS[-1]
