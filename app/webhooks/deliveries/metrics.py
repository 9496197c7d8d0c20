"""Metrics of endpoints for Prometheus, from the counters of their queues."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from app.event_store.connections import Queryable
from app.webhooks.deliveries.tables import BOUNDS_MS, OLDEST_PENDING

ENDPOINTS_MAX = 500
"""Endpoints with metrics: those with the most pending. Totals cover all."""

# One row per endpoint and partition, and an index lookup for each with pending deliveries.
FETCH_FIGURES = f"""
SELECT q.endpoint_id, sum(q.pending)::bigint AS pending, sum(q.delivered)::bigint AS delivered,
       sum(q.given_up)::bigint AS given_up, sum(q.attempts_failed)::bigint AS attempts_failed,
       sum(q.latency_ms_sum)::bigint AS latency_ms_sum,
       array_agg(q.latency_counts) AS latency_counts,
       min(o.created_at) FILTER (WHERE q.test_shop_id IS NULL) AS oldest_pending_at
FROM after_sales.webhook_queues AS q
{OLDEST_PENDING}
GROUP BY q.endpoint_id
ORDER BY pending DESC, q.endpoint_id
LIMIT $1
"""

FETCH_TOTALS = """
SELECT coalesce(sum(q.pending), 0)::bigint AS pending, count(DISTINCT q.endpoint_id) AS endpoints
FROM after_sales.webhook_queues AS q
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFigures:
    """The metrics of an endpoint over all partitions, without ages by test clocks."""

    endpoint_id: str
    pending: int
    oldest_pending_at: datetime | None
    delivered: int
    given_up: int
    attempts_failed: int
    latency_ms_sum: int
    latency_counts: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFigures:
    """The metrics of endpoints, and the totals."""

    pending: int
    endpoints: int
    of_each: Sequence[QueueFigures]


async def fetch_figures(database: Queryable) -> WebhookFigures:
    """Return the metrics, without counting deliveries."""
    totals = await database.fetchrow(FETCH_TOTALS)
    assert totals is not None  # noqa: S101 - an aggregate without groups
    rows = await database.fetch(FETCH_FIGURES, ENDPOINTS_MAX)
    return WebhookFigures(
        pending=totals["pending"],
        endpoints=totals["endpoints"],
        of_each=[
            QueueFigures(
                **{
                    **row,
                    "endpoint_id": str(row["endpoint_id"]),
                    "latency_counts": [
                        sum(counts) for counts in zip(*row["latency_counts"], strict=True)
                    ],
                }
            )
            for row in rows
        ],
    )


def figures_registry(figures: WebhookFigures, now: datetime) -> CollectorRegistry:
    """Return the metrics as a registry."""
    registry = CollectorRegistry()
    registry.register(_Figures(figures, now))
    return registry


class _Figures(Collector):
    def __init__(self, figures: WebhookFigures, now: datetime) -> None:
        self._figures = figures
        self._now = now

    def collect(self) -> Iterator[Metric]:
        figures = self._figures
        yield GaugeMetricFamily(
            "aftersales_webhook_backlog_total",
            "Pending deliveries to all endpoints.",
            value=figures.pending,
        )
        pending = GaugeMetricFamily(
            "aftersales_webhook_backlog", "Pending deliveries.", labels=["endpoint"]
        )
        age = GaugeMetricFamily(
            "aftersales_webhook_oldest_seconds",
            "Age of the oldest pending delivery.",
            labels=["endpoint"],
        )
        attempts = CounterMetricFamily(
            "aftersales_webhook_attempts", "Attempts.", labels=["endpoint", "outcome"]
        )
        given_up = CounterMetricFamily(
            "aftersales_webhook_given_up", "Deliveries given up.", labels=["endpoint"]
        )
        latency = HistogramMetricFamily(
            "aftersales_webhook_attempt_seconds",
            "Duration of attempts, body included.",
            labels=["endpoint"],
        )
        for one in figures.of_each:
            label = [one.endpoint_id]
            pending.add_metric(label, one.pending)
            if one.oldest_pending_at is not None:
                waited = (self._now - one.oldest_pending_at).total_seconds()
                age.add_metric(label, max(waited, 0.0))
            made = sum(one.latency_counts)
            attempts.add_metric([*label, "succeeded"], made - one.attempts_failed)
            attempts.add_metric([*label, "failed"], one.attempts_failed)
            given_up.add_metric(label, one.given_up)
            latency.add_metric(label, _buckets(one.latency_counts), one.latency_ms_sum / 1_000)
        yield from (pending, age, attempts, given_up, latency)


def _buckets(counts: Sequence[int]) -> list[tuple[str, float]]:
    bounds = [*(str(bound / 1_000) for bound in BOUNDS_MS), "+Inf"]
    return [(bound, float(sum(counts[: place + 1]))) for place, bound in enumerate(bounds)]
