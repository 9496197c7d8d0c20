"""How places are given to queues when many are due at once."""

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

from app.webhooks.breaker import HealthPolicy
from app.webhooks.deliveries.claims import DueQueue
from app.webhooks.deliveries.endpoint_concurrency import (
    STRANGERS_PLACES,
    ConcurrencyLimits,
    EndpointConcurrency,
)
from app.webhooks.outcomes import Answer, Delivered, FailedAnswer

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_queues_of_one_endpoint_share_its_places_in_turn() -> None:
    rooms = EndpointConcurrency(ConcurrencyLimits())
    due = [_queue(1, partition) for partition in range(64)]
    served = Counter[int]()
    for _ in range(64):
        allotted = rooms.allocate(due)
        assert sum(allotted.values()) == STRANGERS_PLACES
        served.update(partition for partition, _ in allotted)
    assert set(served) == set(range(64))


def test_one_queue_alone_has_all_places_of_its_endpoint() -> None:
    rooms = EndpointConcurrency(ConcurrencyLimits())
    for _ in range(20):
        rooms.record(_endpoint(1), Delivered(answer=_answer(200)), NOW)
    assert rooms.allocate([_queue(1, 5)]) == {(5, _endpoint(1)): HealthPolicy().concurrency_max}


def test_more_endpoints_than_places_are_all_served_in_time() -> None:
    rooms, served = EndpointConcurrency(ConcurrencyLimits(total_max=4)), set[UUID]()
    due = [_queue(number) for number in range(10)]
    for _ in range(10):
        allotted = rooms.allocate(due)
        assert sum(allotted.values()) == 4
        served |= {endpoint_id for _, endpoint_id in allotted}
    assert len(served) == 10


def test_endpoints_that_fail_are_allotted_half_of_all_places() -> None:
    rooms = EndpointConcurrency(ConcurrencyLimits(total_max=6))
    for number in range(10):
        rooms.record(_endpoint(number), FailedAnswer(answer=_answer(500), retry_after=None), NOW)
    failing = [_queue(number) for number in range(10)]
    assert sum(rooms.allocate(failing).values()) == 3
    healthy = [_queue(number) for number in range(10, 20)]
    allotted = rooms.allocate([*failing, *healthy])
    assert sum(allotted.values()) == 6
    assert sum(room for (_, own), room in allotted.items() if own.int < 10) <= 3


def test_an_endpoint_begins_anew_once_however_many_queues_say_it_was_enabled() -> None:
    rooms, failed = (
        EndpointConcurrency(ConcurrencyLimits()),
        FailedAnswer(answer=_answer(500), retry_after=None),
    )

    def fail() -> None:
        for _ in range(HealthPolicy().failures_to_open):
            rooms.record(_endpoint(1), failed, NOW)

    fail()
    assert (rooms.allocate([_queue(1)]), list(rooms.without_room(NOW))) == ({}, [(_endpoint(1), 0)])
    enabled = [_queue(1, partition, enabled_version=3) for partition in range(64)]
    assert sum(rooms.allocate([*enabled, _queue(1, 64)]).values()) == STRANGERS_PLACES
    fail()
    assert rooms.allocate([*enabled, _queue(1, 64)]) == {}, "what was heard of is nothing new"
    assert list(rooms.without_room(NOW)) == [(_endpoint(1), 3)]
    assert sum(rooms.allocate([_queue(1, enabled_version=5)]).values()) == STRANGERS_PLACES


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
