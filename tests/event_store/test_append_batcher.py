"""The append batcher: waiting appends go together, each has its own outcome, and none is lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from app.event_store.append import (
    Append,
    AppendFailed,
    AppendRefused,
    DuplicateRequest,
    EventStoreUnavailable,
    Outcome,
    QueueFull,
    VersionConflict,
    Written,
)
from app.event_store.append_batcher import AppendBatcher
from app.event_store.append_queue import AppendLimits
from app.event_store.connections import Connect, OwnConnection
from app.event_store.log import EventLog
from tests.event_store.polling import until, until_blocked
from tests.event_store.samples import LibraryEvent, raw_event, request, returns


class Batches:
    """Remembers how many items each statement carried."""

    def __init__(self) -> None:
        self.items: list[int] = []

    def batch_written(self, items: int, events: int, seconds: float) -> None:  # noqa: ARG002
        """Take note."""
        self.items.append(items)


@asynccontextmanager
async def heads_locked(connection: OwnConnection) -> AsyncIterator[None]:
    """Let no append come past the lock of its head while the block runs."""
    async with connection.transaction():
        await connection.execute("SELECT FROM after_sales.log_heads FOR UPDATE")
        yield


def begin(batcher: AppendBatcher, *items: Append) -> list[asyncio.Task[Outcome]]:
    return [asyncio.create_task(batcher.append(item)) for item in items]


async def streams(connection: OwnConnection) -> dict[str, int]:
    rows = await connection.fetch(
        "SELECT stream_id, count(*) FROM after_sales.events GROUP BY stream_id"
    )
    return {row["stream_id"]: row["count"] for row in rows}


async def test_ten_racers_on_one_version_give_one_success_and_nine_conflicts(
    batcher: AppendBatcher, connection: OwnConnection
) -> None:
    outcomes = await asyncio.gather(*(batcher.append(returns("a")) for _ in range(10)))

    assert Counter(type(outcome) for outcome in outcomes) == {Written: 1, VersionConflict: 9}
    assert {outcome.actual_version for outcome in outcomes if type(outcome) is VersionConflict} == {
        1
    }
    assert await streams(connection) == {"a": 1}


async def test_ten_racers_in_ten_batchers_give_one_success_and_nine_conflicts(
    connect: Connect, connection: OwnConnection
) -> None:
    batchers = [AppendBatcher(connect) for _ in range(10)]
    for batcher in batchers:
        batcher.start()
    async with heads_locked(connection):
        racing = [begin(batcher, returns("a"))[0] for batcher in batchers]
        await until_blocked(connection, sessions=10)
    outcomes = await asyncio.gather(*racing)
    await asyncio.gather(*(batcher.close() for batcher in batchers))

    assert Counter(type(outcome) for outcome in outcomes) == {Written: 1, VersionConflict: 9}
    assert await streams(connection) == {"a": 1}


async def test_appends_that_arrive_during_a_batch_go_together_in_the_next(
    connect: Connect, connection: OwnConnection
) -> None:
    batches = Batches()
    async with AppendBatcher(connect, writers=1, observer=batches) as batcher:
        async with heads_locked(connection):
            first = begin(batcher, returns("a"))
            await until_blocked(connection)
            more = begin(batcher, *(returns(f"b{number}") for number in range(20)))
            await until(_all_waiting(batcher, 20))
        await asyncio.gather(*first, *more)

    assert batches.items == [1, 20]


async def test_a_stream_and_a_key_go_once_in_a_batch_and_the_rest_in_the_next(
    connect: Connect, connection: OwnConnection
) -> None:
    batches = Batches()
    async with AppendBatcher(connect, writers=1, observer=batches) as batcher:
        async with heads_locked(connection):
            first = begin(batcher, returns("first"))
            await until_blocked(connection)
            more = begin(
                batcher,
                returns("a"),
                returns("a", 1),
                returns("b", idempotency=request("k")),
                returns("c", idempotency=request("k")),
                returns("d"),
            )
            await until(_all_waiting(batcher, 5))
        outcomes = await asyncio.gather(*first, *more)

    assert batches.items == [1, 3, 2]
    assert [type(outcome) for outcome in outcomes[1:]] == [
        *(Written, Written, Written, DuplicateRequest, Written)
    ]


async def test_the_same_request_sent_at_once_is_written_once_and_answered_alike(
    batcher: AppendBatcher, connection: OwnConnection
) -> None:
    outcomes = await asyncio.gather(
        *(batcher.append(returns(f"s{n}", idempotency=request("k"))) for n in range(8))
    )

    assert Counter(type(outcome) for outcome in outcomes) == {Written: 1, DuplicateRequest: 7}
    assert DuplicateRequest(status=201, response=b"answer to k") in outcomes
    assert len(await streams(connection)) == 1


BAD_EVENTS = {
    "NUL in a string": raw_event('{"reader": "\\u0000"}'),
    "no JSON": raw_event("{"),
    "half a surrogate pair": raw_event("{}", event_type="\ud800"),
    "NUL in the type": raw_event("{}", event_type="\0"),
}


@pytest.mark.parametrize("bad", BAD_EVENTS.values(), ids=BAD_EVENTS)
async def test_one_bad_item_of_a_batch_fails_alone(
    batcher: AppendBatcher, connection: OwnConnection, bad: object
) -> None:
    items = [returns(name) for name in "abcde"]
    items[2] = Append(partition_id=1, stream_id="c", expected_version=0, events=(bad,))  # type: ignore[arg-type]

    outcomes = await asyncio.gather(*map(batcher.append, items), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [
        *(Written, Written, AppendRefused, Written, Written)
    ]
    assert await streams(connection) == {"a": 1, "b": 1, "d": 1, "e": 1}


async def test_a_full_batcher_says_so_and_keeps_what_it_has(
    connect: Connect, connection: OwnConnection
) -> None:
    async with AppendBatcher(connect, writers=1, limits=AppendLimits(waiting_max=3)) as batcher:
        async with heads_locked(connection):
            first = begin(batcher, returns("first"))
            await until_blocked(connection)
            waiting = begin(batcher, *(returns(f"b{number}") for number in range(3)))
            await until(_all_waiting(batcher, 3))
            with pytest.raises(QueueFull):
                await batcher.append(returns("one too many"))
        outcomes = await asyncio.gather(*first, *waiting)

    assert {type(outcome) for outcome in outcomes} == {Written}


async def test_whoever_stops_waiting_harms_nobody(
    connect: Connect, connection: OwnConnection
) -> None:
    async with AppendBatcher(connect, writers=1) as batcher:
        async with heads_locked(connection):
            in_flight = begin(batcher, returns("sent"), returns("sent with it"))
            await until_blocked(connection)
            waiting = begin(batcher, returns("taken back"), returns("kept"))
            await until(_all_waiting(batcher, 2))
            in_flight[0].cancel()
            waiting[0].cancel()
        outcomes = await asyncio.gather(*in_flight, *waiting, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [
        *(asyncio.CancelledError, Written, asyncio.CancelledError, Written)
    ]
    assert await streams(connection) == {"sent": 1, "sent with it": 1, "kept": 1}


async def test_closing_writes_what_waits_and_takes_no_more(
    connect: Connect, connection: OwnConnection
) -> None:
    batcher = AppendBatcher(connect, writers=1)
    batcher.start()
    async with heads_locked(connection):
        tasks = begin(batcher, returns("first"))
        await until_blocked(connection)
        tasks += begin(batcher, *(returns(f"b{number}") for number in range(3)))
        await until(_all_waiting(batcher, 3))
        closing = asyncio.create_task(batcher.close())
    await closing

    assert {type(outcome) for outcome in await asyncio.gather(*tasks)} == {Written}
    with pytest.raises(EventStoreUnavailable):
        await batcher.append(returns("too late"))


async def test_events_keep_the_order_their_command_gave_them(
    batcher: AppendBatcher, connection: OwnConnection, log: EventLog[LibraryEvent]
) -> None:
    readers = tuple(f"reader {number}" for number in range(50))

    await batcher.append(returns("a", readers=readers))

    recorded = await log.read_partition(connection, 1, limit=100)
    assert tuple(event.event.reader for event in recorded) == readers


def test_every_failure_is_told_apart() -> None:
    assert {failure.__name__ for failure in AppendFailed.__subclasses__()} == {
        *("QueueFull", "EventStoreUnavailable", "AppendOutcomeUnknown", "AppendRefused")
    }


def _all_waiting(batcher: AppendBatcher, count: int) -> Callable[[], Awaitable[bool]]:
    async def waiting() -> bool:
        return batcher.waiting == count

    return waiting
