"""Readers that die at the worst moment, and writers that do not wait for them."""

import asyncio
from functools import partial

from app.event_store.append_batcher import AppendBatcher
from app.event_store.log import read_heads
from app.postgres.pool import Pool
from app.projections.rebuild import Rebuild
from app.projections.runner import ProjectionRunner
from tests.event_store.appending_process import EVENTS_PER_STREAM, PARTITIONS
from tests.event_store.child_processes import running
from tests.event_store.polling import until
from tests.event_store.samples import LIBRARY_CODEC, returns
from tests.projections.runner.library import VisitsReader
from tests.projections.runner.runner_process import FOLLOWING

APPENDING = "tests.event_store.appending_process"
READING = "tests.projections.runner.runner_process"


async def caught_up(pool: Pool) -> bool:
    behind = await pool.fetchval(
        "SELECT count(*) FROM after_sales.checkpoints AS c"
        " JOIN after_sales.log_heads AS h USING (partition_id) WHERE c.position < h.position"
    )
    return bool(behind == 0)


async def rows_of(pool: Pool) -> int:
    rows: int = await pool.fetchval("SELECT count(*) FROM after_sales.visits")
    return rows


async def got_further(pool: Pool, than: int) -> bool:
    return await rows_of(pool) > than or await caught_up(pool)


async def test_a_reader_that_follows_two_writing_processes_skips_and_doubles_nothing(
    database: str, pool: Pool, visits: VisitsReader
) -> None:
    stop = asyncio.Event()
    runner = ProjectionRunner(pool, LIBRARY_CODEC, [visits], limits=FOLLOWING)
    following = asyncio.create_task(runner.run(stop))
    async with (
        running(APPENDING, database, "one", "400") as one,
        running(APPENDING, database, "two", "400") as two,
    ):
        streams = await one.says_at_last() + await two.says_at_last()
    await until(lambda: caught_up(pool))
    stop.set()
    await following

    heads = await read_heads(pool)
    assert len(streams) == 800
    assert sum(heads.values()) == 800 * EVENTS_PER_STREAM
    for partition_id in PARTITIONS:
        applied = await visits.positions(pool, partition_id)
        assert applied == list(range(1, heads[partition_id] + 1))


async def test_a_reader_killed_after_its_effects_and_before_its_commit_loses_and_doubles_nothing(
    database: str, pool: Pool, batcher: AppendBatcher, visits: VisitsReader
) -> None:
    await batcher.append(returns("a", readers=("ada",) * 10))
    async with running(READING, database, "hang") as reader:
        assert await reader.says() == "hanging"
        assert await visits.positions(pool) == []
        await reader.kill()
    runner = ProjectionRunner(pool, LIBRARY_CODEC, [visits])

    async def applied() -> bool:
        # The server notices a dead client when it likes, and holds its locks until then.
        return await runner.run_once() > 0

    await until(applied)

    assert await visits.positions(pool) == list(range(1, 11))


async def test_readers_killed_at_any_moment_lose_and_double_nothing(
    database: str, pool: Pool, visits: VisitsReader
) -> None:
    async with running(APPENDING, database, "writer", "600") as writer:
        for _ in range(4):
            async with running(READING, database, "follow") as reader:
                await reader.says()
                await until(partial(got_further, pool, await rows_of(pool)))
                await reader.kill()
        await writer.says_at_last()
    runner = ProjectionRunner(pool, LIBRARY_CODEC, [visits])

    async def done() -> bool:
        await runner.run_once()
        return await caught_up(pool)

    await until(done)

    heads = await read_heads(pool)
    for partition_id in PARTITIONS:
        applied = await visits.positions(pool, partition_id)
        assert applied == list(range(1, heads[partition_id] + 1))


async def test_a_rebuild_that_is_killed_leaves_the_old_view_and_can_be_done_again(
    database: str, pool: Pool, batcher: AppendBatcher, visits: VisitsReader
) -> None:
    await batcher.append(returns("a", readers=("ada",) * 10))
    await ProjectionRunner(pool, LIBRARY_CODEC, [visits]).run_until_caught_up()
    await pool.execute("UPDATE after_sales.visits SET position = position + 1000")
    async with running(READING, database, "rebuild") as rebuild:
        assert await rebuild.says() == "hanging"
        await rebuild.kill()

    assert await visits.positions(pool) == list(range(1001, 1011))
    await Rebuild(pool=pool, codec=LIBRARY_CODEC, reader=visits).run([1])
    assert await visits.positions(pool) == list(range(1, 11))


async def test_a_rebuild_under_load_never_shows_half_a_view(
    database: str, pool: Pool, visits: VisitsReader
) -> None:
    stop = asyncio.Event()
    runner = ProjectionRunner(pool, LIBRARY_CODEC, [visits], limits=FOLLOWING)
    following = asyncio.create_task(runner.run(stop))
    seen: list[int] = []

    async def look_all_the_time() -> None:
        while not stop.is_set():
            positions = await visits.positions(pool, PARTITIONS[0])
            assert positions == list(range(1, len(positions) + 1))
            seen.append(len(positions))

    looking = asyncio.create_task(look_all_the_time())
    async with running(APPENDING, database, "writer", "600") as writer:
        rebuild = Rebuild(pool=pool, codec=LIBRARY_CODEC, reader=visits, batch_events_max=10)
        for _ in range(10):
            await writer.says()
            await rebuild.run(PARTITIONS)
        await writer.says_at_last()
    await until(lambda: caught_up(pool))
    stop.set()
    await asyncio.gather(following, looking)

    assert seen == sorted(seen)
    heads = await read_heads(pool)
    for partition_id in PARTITIONS:
        applied = await visits.positions(pool, partition_id)
        assert applied == list(range(1, heads[partition_id] + 1))
