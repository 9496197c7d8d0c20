"""The tables of deliveries: what is sent, to whom, how each attempt ended, and the queues."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from app.event_store.tables import BytewiseText, metadata

_INSTANT = TIMESTAMP(timezone=True)


class DeliveryState(StrEnum):
    """What became of a message for one endpoint."""

    WAITING = "waiting"
    """Another of its order comes first."""
    QUEUED = "queued"
    """To be sent, now or when it is due again."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """Given up after the last attempt."""


class Cause(StrEnum):
    """Why a delivery was made."""

    EVENT = "event"
    """The event happened while the endpoint was there for it."""
    REPLAY = "replay"
    """The owner asked for what was missed."""
    TEST = "test"
    """The owner asked for a test."""


webhook_messages = Table(
    "webhook_messages",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("api_version", BytewiseText, nullable=False),
    Column("body", Text, nullable=False),
    Column("kept_from", _INSTANT, nullable=False),
    PrimaryKeyConstraint("partition_id", "message_id", "api_version", name="webhook_messages_pkey"),
    Index("webhook_messages_kept_idx", "partition_id", "kept_from"),
)
"""What is sent, once for all endpoints it goes to. A message's id is the public event's.

``api_version`` names the form of the body: the version alone, or with what was asked for besides
(`2026-11-01+personal_data`); a delivery names it too, and so is given that body and no other.

``kept_from`` is by the database's clock: when a delivery of it was last made.
"""

_UNSETTLED = text("state IN ('queued', 'waiting')")
_LIST_END = ("created_at", "message_id")

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("endpoint_id", Uuid, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("api_version", BytewiseText, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("ordinal", SmallInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("stream_id", BytewiseText, nullable=False),
    Column("order_id", BytewiseText),
    Column("type", BytewiseText, nullable=False),
    Column("cause", Text, nullable=False),
    Column("state", BytewiseText, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failures", SmallInteger, nullable=False),
    Column("due_at", _INSTANT, nullable=False),
    Column("claimed_until", _INSTANT),
    Column("created_at", _INSTANT, nullable=False),
    Column("settled_at", _INSTANT),
    Column("last_status", SmallInteger),
    Column("last_outcome", Text),
    PrimaryKeyConstraint(
        "partition_id", "endpoint_id", "message_id", name="webhook_deliveries_pkey"
    ),
    Index(
        "webhook_deliveries_due_idx",
        *("partition_id", "endpoint_id", "due_at"),
        postgresql_where=text("state = 'queued'"),
    ),
    Index(
        "webhook_deliveries_stream_idx",
        *("partition_id", "endpoint_id", "stream_id", "position", "ordinal"),
        postgresql_where=_UNSETTLED,
    ),
    Index("webhook_deliveries_list_idx", "partition_id", "endpoint_id", *_LIST_END),
    Index("webhook_deliveries_state_idx", "partition_id", "endpoint_id", "state", *_LIST_END),
    Index("webhook_deliveries_type_idx", "partition_id", "endpoint_id", "type", *_LIST_END),
    Index(
        "webhook_deliveries_order_idx",
        *("partition_id", "endpoint_id", "order_id", *_LIST_END),
        postgresql_where=text("order_id IS NOT NULL"),
    ),
)
"""A message for an endpoint, and what became of it. ``claimed_until`` is by the service's clock,
all other instants by the owner's.

``attempts`` counts claims, and tells the present claim from earlier ones. ``failures`` counts the
attempts that are known to have failed since the schedule began: who is killed uses up none.
"""

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("endpoint_id", Uuid, nullable=False),
    Column("message_id", Uuid, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("at", _INSTANT, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text),
    Column("status", SmallInteger),
    Column("latency_ms", Integer, nullable=False),
    Column("answer", Text),
    PrimaryKeyConstraint(
        "partition_id", "endpoint_id", "message_id", "attempt", name="webhook_attempts_pkey"
    ),
)
"""How each attempt ended. ``answer`` is the beginning of what was answered, made harmless."""

webhook_paces = Table(
    "webhook_paces",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("endpoint_id", Uuid, nullable=False),
    Column("next_at", _INSTANT, nullable=False),
    PrimaryKeyConstraint("partition_id", "endpoint_id", name="webhook_paces_pkey"),
)
"""When the next attempt may begin, for endpoints with a cap on their rate; by the database's clock,
in the one partition where there is one row of an endpoint.
"""

webhook_queues = Table(
    "webhook_queues",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("endpoint_id", Uuid, nullable=False),
    Column("test_shop_id", BytewiseText),
    Column("due_at", _INSTANT),
    Column("claimed_until", _INSTANT),
    Column("pending", BigInteger, nullable=False),
    Column("delivered", BigInteger, nullable=False),
    Column("given_up", BigInteger, nullable=False),
    Column("attempts_failed", BigInteger, nullable=False),
    Column("latency_ms_sum", BigInteger, nullable=False),
    Column("latency_counts", ARRAY(BigInteger), nullable=False),
    Column("failing_since", _INSTANT),
    Column("last_success_at", _INSTANT),
    Column("last_failure_at", _INSTANT),
    Column("enabled_version", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("partition_id", "endpoint_id", name="webhook_queues_pkey"),
    Index(
        "webhook_queues_due_idx",
        *("partition_id", "due_at"),
        postgresql_where=text("test_shop_id IS NULL"),
    ),
    Index(
        "webhook_queues_test_idx",
        *("partition_id", "test_shop_id", "due_at"),
        postgresql_where=text("test_shop_id IS NOT NULL"),
    ),
    Index(
        "webhook_queues_claimed_idx",
        *("partition_id", "claimed_until"),
        postgresql_where=text("claimed_until IS NOT NULL"),
    ),
)
"""What waits for one endpoint in one partition, in numbers that are kept as it changes.

Nothing of it is due before ``due_at`` (by the owner's clock; NULL: nothing is); something that was
claimed may have been given back by whoever died, at ``claimed_until`` (by the service's). Whoever
adds, claims or settles deliveries locks the row first, so that order can be kept.
``enabled_version``: the endpoint's when it was last enabled, so that every process forgets how it
did before. ``test_shop_id``: the shop by whose test clock it all goes, if it has one.
"""


BOUNDS_MS = (25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 15_000)
"""Upper bounds, inclusive; one more bucket is for what took longer."""

NO_COUNTS = [0] * (len(BOUNDS_MS) + 1)


def counts_of(latencies_ms: Iterable[int]) -> list[int]:
    """Return how many of some latencies fall into each bucket."""
    counts = list(NO_COUNTS)
    for latency_ms in latencies_ms:
        counts[sum(latency_ms > bound for bound in BOUNDS_MS)] += 1
    return counts


def latency_at(quantile: float, counts: Sequence[int]) -> int | None:
    """Return the upper bound of the bucket that a quantile lies in; None if nothing was counted.

    What took longer than the last bound is given as the last bound.
    """
    wanted, seen = quantile * sum(counts), 0
    if wanted == 0:
        return None
    for bound, count in zip((*BOUNDS_MS, BOUNDS_MS[-1]), counts, strict=True):
        seen += count
        if seen >= wanted:
            return bound
    return BOUNDS_MS[-1]
