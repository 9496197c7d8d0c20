"""How places are given to queues when many are due at once."""

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

from app.webhooks.breaker import HealthPolicy
from app.webhooks.deliveries.claims import DueQueue
from app.webhooks.deliveries.endpoint_concurrency import (
    UNKNOWN_ENDPOINT_CONCURRENCY,
    ConcurrencyLimits,
    EndpointConcurrency,
)
from app.webhooks.outcomes import Answer, Delivered, FailedAnswer

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_queues_of_one_endpoint_share_its_places_in_turn() -> None:
    concurrency = EndpointConcurrency(ConcurrencyLimits())
    due = [_queue(1, partition) for partition in range(64)]
    served = Counter[int]()
    for _ in range(64):
        allocated = concurrency.allocate(due)
        assert sum(allocated.values()) == UNKNOWN_ENDPOINT_CONCURRENCY
        served.update(partition for partition, _ in allocated)
    assert set(served) == set(range(64))


def test_one_queue_alone_has_all_places_of_its_endpoint() -> None:
    concurrency = EndpointConcurrency(ConcurrencyLimits())
    for _ in range(20):
        concurrency.record(_endpoint(1), Delivered(answer=_answer(200)), NOW)
    assert concurrency.allocate([_queue(1, 5)]) == {
        (5, _endpoint(1)): HealthPolicy().concurrency_max
    }


def test_more_endpoints_than_places_are_all_served_in_time() -> None:
    concurrency, served = EndpointConcurrency(ConcurrencyLimits(total_max=4)), set[UUID]()
    due = [_queue(number) for number in range(10)]
    for _ in range(10):
        allocated = concurrency.allocate(due)
        assert sum(allocated.values()) == 4
        served |= {endpoint_id for _, endpoint_id in allocated}
    assert len(served) == 10


def test_endpoints_that_fail_are_allocated_half_of_all_places() -> None:
    concurrency = EndpointConcurrency(ConcurrencyLimits(total_max=6))
    for number in range(10):
        concurrency.record(
            _endpoint(number), FailedAnswer(answer=_answer(500), retry_after=None), NOW
        )
    failing = [_queue(number) for number in range(10)]
    assert sum(concurrency.allocate(failing).values()) == 3
    healthy = [_queue(number) for number in range(10, 20)]
    allocated = concurrency.allocate([*failing, *healthy])
    assert sum(allocated.values()) == 6
    assert sum(room for (_, own), room in allocated.items() if own.int < 10) <= 3


def test_an_endpoint_begins_anew_once_however_many_queues_say_it_was_enabled() -> None:
    concurrency, failed = (
        EndpointConcurrency(ConcurrencyLimits()),
        FailedAnswer(answer=_answer(500), retry_after=None),
    )

    def fail() -> None:
        for _ in range(HealthPolicy().failures_to_open):
            concurrency.record(_endpoint(1), failed, NOW)

    fail()
    assert (concurrency.allocate([_queue(1)]), list(concurrency.without_capacity(NOW))) == (
        {},
        [(_endpoint(1), 0)],
    )
    enabled = [_queue(1, partition, enabled_version=3) for partition in range(64)]
    assert (
        sum(concurrency.allocate([*enabled, _queue(1, 64)]).values())
        == UNKNOWN_ENDPOINT_CONCURRENCY
    )
    fail()
    assert concurrency.allocate([*enabled, _queue(1, 64)]) == {}, "what was heard of is nothing new"
    assert list(concurrency.without_capacity(NOW)) == [(_endpoint(1), 3)]
    assert (
        sum(concurrency.allocate([_queue(1, enabled_version=5)]).values())
        == UNKNOWN_ENDPOINT_CONCURRENCY
    )


def _answer(status: int) -> Answer:
    return Answer(status=status, beginning="", cut=False, encoded=False)


def _endpoint(number: int) -> UUID:
    return UUID(int=number)


def _queue(number: int, partition_id: int = 0, *, enabled_version: int = 0) -> DueQueue:
    return DueQueue(
        partition_id=partition_id,
        endpoint_id=_endpoint(number),
        endpoint_now=NOW,
        enabled_version=enabled_version,
    )
