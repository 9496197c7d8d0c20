"""What goes in a batch: bounded, in order, and nobody is overtaken into starvation."""

import asyncio

from app.event_store.append import Append
from app.event_store.append_queue import AppendLimits, AppendQueue, WaitingAppend
from tests.event_store.samples import request, returns


def queue_of(
    limits: AppendLimits, *items: Append, writers: int = 1, one_partition: bool = False
) -> AppendQueue:
    queue = AppendQueue(limits, writers=writers, one_partition=one_partition)
    for item in items:
        queue.put(WaitingAppend(item, asyncio.get_running_loop().create_future()))
    return queue


def taken(queue: AppendQueue) -> list[str]:
    return [waiting.item.stream_id for waiting in queue.take_batch()]


async def test_a_batch_is_bounded_in_items() -> None:
    queue = queue_of(AppendLimits(batch_items_max=2), *(returns(name) for name in "abc"))

    assert [taken(queue), taken(queue), taken(queue)] == [["a", "b"], ["c"], []]


async def test_a_batch_is_bounded_in_events_and_one_item_over_the_bound_goes_alone() -> None:
    queue = queue_of(
        AppendLimits(batch_events_max=3),
        returns("a", readers=("x", "y")),
        returns("b", readers=("x",) * 9),
        returns("c"),
    )

    assert [taken(queue), taken(queue), taken(queue)] == [["a"], ["b"], ["c"]]


async def test_a_batch_is_bounded_in_bytes() -> None:
    size = WaitingAppend(returns("a"), asyncio.get_running_loop().create_future()).size_bytes
    limits = AppendLimits(batch_bytes_max=size * 2)

    assert taken(queue_of(limits, *(returns(name) for name in "abc"))) == ["a", "b"]


async def test_what_cannot_go_now_goes_first_in_the_next_batch() -> None:
    queue = queue_of(
        AppendLimits(),
        *(returns("a"), returns("a", 1), returns("b", idempotency=request("k"))),
        *(returns("c", idempotency=request("k")), returns("d")),
    )

    assert [taken(queue), taken(queue)] == [["a", "b", "d"], ["a", "c"]]


async def test_on_a_cluster_a_batch_keeps_to_the_partition_of_its_first_item() -> None:
    queue = queue_of(
        AppendLimits(),
        *(returns("a", partition_id=3), returns("b", partition_id=5)),
        *(returns("c", partition_id=3), returns("d", partition_id=5)),
        one_partition=True,
    )

    assert [taken(queue), taken(queue)] == [["a", "c"], ["b", "d"]]


async def test_several_writers_share_what_waits() -> None:
    items = [returns(name) for name in "abcdefgh"]
    shared = queue_of(AppendLimits(batch_items_min=1), *items, writers=2)
    too_few_to_share = queue_of(AppendLimits(batch_items_min=8), *items, writers=2)

    assert [len(taken(shared)), len(taken(shared)), len(taken(shared))] == [4, 4, 0]
    assert len(taken(too_few_to_share)) == 8


async def test_a_batch_keeps_away_from_the_partitions_of_another_in_flight() -> None:
    limits = AppendLimits(batch_items_max=2)
    queue = queue_of(
        limits,
        *(returns("a", partition_id=3), returns("b", partition_id=3)),
        *(returns("c", partition_id=3), returns("d", partition_id=5)),
        writers=2,
    )

    in_flight = queue.take_batch()
    assert taken(queue) == ["d"]
    queue.give_back(in_flight)
    assert taken(queue) == ["c"]


async def test_when_all_waits_for_one_partition_the_writers_take_turns_on_it() -> None:
    queue = queue_of(AppendLimits(batch_items_max=1), returns("a"), returns("b"), writers=2)

    assert [taken(queue), taken(queue)] == [["a"], ["b"]]


async def test_arrival_is_signalled_while_anything_waits() -> None:
    queue = queue_of(AppendLimits(batch_items_max=1), returns("a"), returns("b"))

    taken(queue)
    assert queue.arrived.is_set()
    taken(queue)
    assert not queue.arrived.is_set()
