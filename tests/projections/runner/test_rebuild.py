"""A view is made again while it is read: old or new, never half."""

from collections.abc import Sequence

import pytest

from app.event_store.append_batcher import AppendBatcher
from app.event_store.connections import Connection
from app.event_store.recorded_event import Recorded
from app.postgres.pool import Pool
from app.projections.checkpoints import list_checkpoints
from app.projections.projection import RebuildableProjection
from app.projections.rebuild import Rebuild, RebuildFailed
from tests.event_store.samples import LIBRARY_CODEC, LibraryEvent, returns
from tests.projections.runner.conftest import MakeRunner
from tests.projections.runner.library import VisitsReader


def rebuild_of(
    pool: Pool, reader: RebuildableProjection[LibraryEvent], *, batch_events_max: int = 1_000
) -> Rebuild[LibraryEvent]:
    return Rebuild(pool=pool, codec=LIBRARY_CODEC, reader=reader, batch_events_max=batch_events_max)


class Watched:
    """A reader that looks, from another session and after each batch, at what others see of it."""

    def __init__(self, reader: VisitsReader, pool: Pool) -> None:
        self.name = reader.name
        self.clear = reader.clear
        self.seen: list[list[int]] = []
        self._reader = reader
        self._pool = pool

    async def apply(self, connection: Connection, batch: Sequence[Recorded[LibraryEvent]]) -> None:
        """Apply the batch, then look."""
        await self._reader.apply(connection, batch)
        self.seen.append(await self._reader.positions(self._pool))


async def test_a_rebuild_gives_the_rows_that_following_gave(
    pool: Pool, batcher: AppendBatcher, visits: VisitsReader, make_runner: MakeRunner
) -> None:
    for partition_id in (1, 2):
        await batcher.append(returns("a", readers=("ada",) * 25, partition_id=partition_id))
    await make_runner(visits).run_until_caught_up()
    await pool.execute("UPDATE after_sales.visits SET position = position + 1000")

    replayed = await rebuild_of(pool, visits, batch_events_max=10).run()

    assert replayed == 50
    assert await visits.positions(pool, 1) == list(range(1, 26))
    assert await visits.positions(pool, 2) == list(range(1, 26))
    assert await make_runner(visits).run_until_caught_up() == 0


async def test_only_the_partitions_asked_for_are_rebuilt(
    pool: Pool, batcher: AppendBatcher, visits: VisitsReader, make_runner: MakeRunner
) -> None:
    for partition_id in (1, 2):
        await batcher.append(returns("a", partition_id=partition_id))
    await make_runner(visits).run_until_caught_up()
    await pool.execute("UPDATE after_sales.visits SET position = 1000")

    await rebuild_of(pool, visits).run([2])

    assert await visits.positions(pool, 1) == [1000]
    assert await visits.positions(pool, 2) == [1]


async def test_until_the_rebuild_commits_others_see_the_old_view(
    pool: Pool, batcher: AppendBatcher, visits: VisitsReader, make_runner: MakeRunner
) -> None:
    await batcher.append(returns("a", readers=("ada",) * 20))
    await make_runner(visits).run_until_caught_up()
    await pool.execute("UPDATE after_sales.visits SET position = position + 1000")
    watched = Watched(visits, pool)

    await rebuild_of(pool, watched, batch_events_max=2).run([1])

    assert watched.seen == [list(range(1001, 1021))] * 10
    assert await visits.positions(pool) == list(range(1, 21))


async def test_a_rebuild_that_fails_leaves_the_old_view_and_says_where(
    pool: Pool, batcher: AppendBatcher, visits: VisitsReader, make_runner: MakeRunner
) -> None:
    await batcher.append(returns("a", readers=("ada", "bob", "mallory")))
    await make_runner(visits).run_until_caught_up()
    visits.refused.add("mallory")

    with pytest.raises(RebuildFailed, match=r"visits: partition 1, after position 2: Division"):
        await rebuild_of(pool, visits, batch_events_max=2).run([1])

    assert await visits.positions(pool) == [1, 2, 3]


async def test_a_rebuild_sets_a_stopped_reader_going_again(
    pool: Pool, batcher: AppendBatcher, visits: VisitsReader, make_runner: MakeRunner
) -> None:
    visits.refused.add("mallory")
    await batcher.append(returns("a", readers=("ada", "mallory")))
    await make_runner(visits).run_until_caught_up()
    visits.refused.clear()

    await rebuild_of(pool, visits).run([1])

    assert await visits.positions(pool) == [1, 2]
    assert {checkpoint.status for checkpoint in await list_checkpoints(pool)} == {"running"}


async def test_a_reader_nobody_knows_cannot_be_rebuilt(pool: Pool) -> None:
    with pytest.raises(LookupError, match="visits has no checkpoint"):
        await rebuild_of(pool, VisitsReader()).run([1])
