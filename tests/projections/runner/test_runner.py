"""Readers see every event once and in order; a poison event stops one reader in one partition."""

import pytest

from app.event_store.append import Append, NewEvent
from app.event_store.append_batcher import AppendBatcher
from app.postgres.pool import Pool
from app.projections.checkpoints import Checkpoint, ensure_checkpoints, list_checkpoints, resume
from app.projections.runner import ProjectionRunnerLimits
from tests.event_store.samples import raw_event, returns
from tests.projections.runner.conftest import MakeRunner, installed
from tests.projections.runner.library import VisitsReader


async def place(pool: Pool, reader: str, partition_id: int = 1) -> Checkpoint:
    return next(
        checkpoint
        for checkpoint in await list_checkpoints(pool)
        if (checkpoint.reader, checkpoint.partition_id) == (reader, partition_id)
    )


async def test_every_event_is_applied_once_and_in_order(
    pool: Pool, batcher: AppendBatcher, visits: VisitsReader, make_runner: MakeRunner
) -> None:
    runner = make_runner(
        visits, limits=ProjectionRunnerLimits(batch_events_max=7, batch_partitions_max=3)
    )
    for partition_id in range(5):
        for number in range(10):
            await batcher.append(
                returns(f"{number}", readers=("ada", "bob"), partition_id=partition_id)
            )

    applied = await runner.run_until_caught_up()

    assert applied == 100
    for partition_id in range(5):
        assert await visits.positions(pool, partition_id) == list(range(1, 21))


async def test_nothing_is_left_to_do_after_catching_up(
    pool: Pool, batcher: AppendBatcher, visits: VisitsReader, make_runner: MakeRunner
) -> None:
    await batcher.append(returns("a"))
    runner = make_runner(visits)
    await runner.run_until_caught_up()

    assert await runner.run_once() == 0
    assert (await place(pool, "visits")).lag == 0


async def test_a_reader_that_joins_later_gets_the_whole_log(
    pool: Pool, batcher: AppendBatcher, visits: VisitsReader, make_runner: MakeRunner
) -> None:
    await batcher.append(returns("a", readers=("ada", "bob", "cyd")))
    await make_runner(visits).run_until_caught_up()
    await batcher.append(returns("b"))
    loans = await installed(pool, VisitsReader(name="loans"))

    applied = await make_runner(visits, loans).run_until_caught_up()

    assert applied == 1 + 4
    assert await visits.positions(pool) == await loans.positions(pool) == [1, 2, 3, 4]


async def test_two_runners_share_the_work_without_doubling_it(
    pool: Pool, batcher: AppendBatcher, visits: VisitsReader, make_runner: MakeRunner
) -> None:
    for partition_id in range(64):
        await batcher.append(returns("a", readers=("ada",) * 5, partition_id=partition_id))
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "SELECT FROM after_sales.checkpoints WHERE partition_id < 32 FOR UPDATE"
        )
        meanwhile = await make_runner(visits).run_until_caught_up()
    afterwards = await make_runner(visits).run_until_caught_up()

    assert (meanwhile, afterwards) == (32 * 5, 32 * 5)
    for partition_id in range(64):
        assert await visits.positions(pool, partition_id) == [1, 2, 3, 4, 5]


async def test_a_poison_event_stops_only_that_reader_in_that_partition(
    pool: Pool,
    batcher: AppendBatcher,
    visits: VisitsReader,
    loans: VisitsReader,
    make_runner: MakeRunner,
) -> None:
    visits.refused.add("mallory")
    await batcher.append(returns("a", readers=("ada", "bob", "mallory", "cyd")))
    await batcher.append(returns("a", readers=("ada", "bob"), partition_id=2))

    await make_runner(visits, loans).run_until_caught_up()

    assert await visits.positions(pool, 1) == [1, 2]
    assert await visits.positions(pool, 2) == [1, 2]
    assert await loans.positions(pool, 1) == [1, 2, 3, 4]
    stopped = await place(pool, "visits", 1)
    assert (stopped.status, stopped.position, stopped.failed_position) == ("stopped", 2, 3)
    without_values = "DivisionByZeroError: SQLSTATE 22012, text left out, it may repeat values"
    assert stopped.error == without_values
    assert (await place(pool, "visits", 2)).status == "running"
    assert (await place(pool, "loans", 1)).status == "running"


async def test_a_stopped_reader_stays_stopped_until_it_is_resumed(
    pool: Pool, batcher: AppendBatcher, visits: VisitsReader, make_runner: MakeRunner
) -> None:
    visits.refused.add("mallory")
    await batcher.append(returns("a", readers=("ada", "mallory", "cyd")))
    runner = make_runner(visits)
    await runner.run_until_caught_up()
    visits.refused.clear()

    assert await runner.run_until_caught_up() == 0
    assert await resume(pool, "visits", 1)
    assert await runner.run_until_caught_up() == 2

    assert await visits.positions(pool) == [1, 2, 3]
    resumed = await place(pool, "visits")
    assert (resumed.status, resumed.error, resumed.failed_position) == ("running", None, None)
    assert not await resume(pool, "visits", 1)


@pytest.mark.parametrize(
    "unreadable",
    [
        raw_event("{}", event_type="BookBurnt"),
        raw_event('{"reader": "ada"}', schema_version=2),
        raw_event('{"reader": 1}'),
    ],
    ids=["unknown type", "newer version", "invalid payload"],
)
async def test_an_event_that_cannot_be_decoded_is_poison_too(
    pool: Pool,
    batcher: AppendBatcher,
    visits: VisitsReader,
    make_runner: MakeRunner,
    unreadable: NewEvent,
) -> None:
    await batcher.append(returns("a", readers=("ada", "bob")))
    await batcher.append(
        Append(partition_id=1, stream_id="b", expected_version=0, events=(unreadable,))
    )
    await batcher.append(returns("c"))

    await make_runner(visits).run_until_caught_up()

    assert await visits.positions(pool) == [1, 2]
    stopped = await place(pool, "visits")
    assert (stopped.status, stopped.position, stopped.failed_position) == ("stopped", 2, 3)
    assert stopped.error is not None
    assert stopped.error.startswith("UndecodableEvent: Book")


async def test_checkpoints_are_made_once(pool: Pool, visits: VisitsReader) -> None:
    async with pool.acquire() as connection:
        await connection.execute(
            "UPDATE after_sales.checkpoints SET position = 7 WHERE partition_id = 3"
        )
        await connection.execute("DELETE FROM after_sales.checkpoints WHERE partition_id = 4")

        await ensure_checkpoints(connection, ["visits"])

    assert {one.partition_id for one in await list_checkpoints(pool)} == set(range(64))
    assert (await place(pool, "visits", 3)).position == 7
