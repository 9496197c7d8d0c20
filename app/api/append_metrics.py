"""Figures of the append batcher for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Histogram


class AppendMetrics:
    """Counts appends and events, and times the statements that write them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._items = Counter(
            "aftersales_append_items", "Appends sent, whatever came of them.", registry=registry
        )
        self._events = Counter(
            "aftersales_append_events", "Events written to the log.", registry=registry
        )
        self._seconds = Histogram(
            "aftersales_append_batch_seconds",
            "Time of one batch of appends, its commit included.",
            registry=registry,
        )

    def batch_written(self, items: int, events: int, seconds: float) -> None:
        """Note one batch."""
        self._items.inc(items)
        self._events.inc(events)
        self._seconds.observe(seconds)
