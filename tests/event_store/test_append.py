"""What the append functions decide, item by item, on a real database."""

import pytest

from app.event_store.append import (
    Append,
    DuplicateRequest,
    IdempotencyKeyReused,
    VersionConflict,
    Written,
)
from app.event_store.append_statement import append_across_partitions
from app.event_store.connections import OwnConnection
from app.event_store.log import EventLog, read_heads
from tests.event_store.conftest import AppendBatch
from tests.event_store.samples import LibraryEvent, request, returns


async def positions(connection: OwnConnection, partition_id: int = 1) -> list[int]:
    rows = await connection.fetch(
        "SELECT position FROM after_sales.events WHERE partition_id = $1 ORDER BY position",
        partition_id,
    )
    return [row["position"] for row in rows]


async def test_events_get_the_next_versions_and_positions(append_batch: AppendBatch) -> None:
    first = await append_batch(returns("a", readers=("ada", "bob")))
    second = await append_batch(returns("b"), returns("a", 2, readers=("cyd", "dan", "eve")))

    assert first == [Written(version=2, first_position=1, partition_id=1)]
    assert second == [
        Written(version=1, first_position=3, partition_id=1),
        Written(version=5, first_position=4, partition_id=1),
    ]


async def test_an_item_at_another_version_conflicts_and_harms_no_other(
    append_batch: AppendBatch, connection: OwnConnection
) -> None:
    await append_batch(returns("a"))

    outcomes = await append_batch(returns("b"), returns("a"), returns("c", 7), returns("d"))

    assert outcomes == [
        Written(version=1, first_position=2, partition_id=1),
        VersionConflict(actual_version=1),
        VersionConflict(actual_version=0),
        Written(version=1, first_position=3, partition_id=1),
    ]
    assert await positions(connection) == [1, 2, 3]


async def test_a_request_is_stored_with_its_events_and_answered_again_with_the_same(
    append_batch: AppendBatch, connection: OwnConnection
) -> None:
    await append_batch(returns("a", idempotency=request("k")))

    again = await append_batch(returns("a", idempotency=request("k")))

    assert again == [DuplicateRequest(status=201, response=b"answer to k")]
    assert await positions(connection) == [1]


async def test_a_key_with_another_body_is_refused(append_batch: AppendBatch) -> None:
    await append_batch(returns("a", idempotency=request("k")))

    other = await append_batch(returns("b", idempotency=request("k", body=b"another")))

    assert other == [IdempotencyKeyReused()]


async def test_the_same_key_in_another_scope_is_another_request(append_batch: AppendBatch) -> None:
    await append_batch(returns("a", idempotency=request("k")))

    other = await append_batch(returns("b", idempotency=request("k", scope="shop-2")))

    assert other == [Written(version=1, first_position=2, partition_id=1)]


async def test_a_conflicting_item_leaves_its_key_unused(append_batch: AppendBatch) -> None:
    conflict = await append_batch(returns("a", 4, idempotency=request("k")))
    decided_again = await append_batch(returns("a", idempotency=request("k")))

    assert conflict == [VersionConflict(actual_version=0)]
    assert decided_again == [Written(version=1, first_position=1, partition_id=1)]


async def test_a_request_without_events_is_remembered(
    append_batch: AppendBatch, connection: OwnConnection
) -> None:
    refusal = returns("a", readers=(), idempotency=request("k"))

    first = await append_batch(refusal)
    again = await append_batch(refusal)

    assert first == [Written(version=0, first_position=1, partition_id=1)]
    assert again == [DuplicateRequest(status=201, response=b"answer to k")]
    assert await positions(connection) == []


async def test_conflicts_and_rollbacks_burn_no_positions(
    append_batch: AppendBatch, connection: OwnConnection
) -> None:
    for round_number in range(20):
        await append_batch(returns("a", 99), returns("b", round_number), returns("c", 99))
        transaction = connection.transaction()
        await transaction.start()
        await append_batch(returns("rolled back", readers=("ada", "bob")))
        await transaction.rollback()

    assert await positions(connection) == list(range(1, 21))
    assert (await read_heads(connection))[1] == 20


async def test_each_partition_of_a_batch_counts_its_own_positions(
    connection: OwnConnection,
) -> None:
    items = [
        returns("a", partition_id=5, readers=("ada", "bob")),
        returns("b", partition_id=3),
        returns("c", 1, partition_id=3),
        returns("d", partition_id=5),
        returns("e", partition_id=3),
    ]

    outcomes = await append_across_partitions(connection, items, 10.0)

    assert outcomes == [
        Written(version=2, first_position=1, partition_id=5),
        Written(version=1, first_position=1, partition_id=3),
        VersionConflict(actual_version=0),
        Written(version=1, first_position=3, partition_id=5),
        Written(version=1, first_position=2, partition_id=3),
    ]
    heads = await read_heads(connection)
    assert (heads[3], heads[5], sum(heads.values())) == (2, 3, 5)


async def test_what_was_appended_is_read_back_whole(
    append_batch: AppendBatch, connection: OwnConnection, log: EventLog[LibraryEvent]
) -> None:
    item = returns("a", readers=("ada", "bob"))
    await append_batch(item)

    recorded = await log.read_stream(connection, 1, "a")

    assert [(event.version, event.position) for event in recorded] == [(1, 1), (2, 2)]
    assert [event.event_id for event in recorded] == [event.event_id for event in item.events]
    assert [event.event.reader for event in recorded] == ["ada", "bob"]


@pytest.mark.parametrize(("partition_id", "expected_version"), [(64, 0), (-1, 0), (1, -1)], ids=str)
def test_an_append_that_cannot_be_is_not_even_made(
    partition_id: int, expected_version: int
) -> None:
    with pytest.raises(ValueError, match=r"partition|negative"):
        returns("a", expected_version, partition_id=partition_id)


def test_an_append_of_nothing_is_not_even_made() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Append(partition_id=1, stream_id="a", expected_version=0, events=())
