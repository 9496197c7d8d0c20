"""How long attempts take, counted in buckets that add up over queues and processes."""

from collections.abc import Iterable, Sequence

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
