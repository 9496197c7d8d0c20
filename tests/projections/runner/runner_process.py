"""A process that reads: `python -m tests.projections.runner.runner_process URL WHAT`.

WHAT is `follow` (keep up until killed), `hang` (hang after the first effects, before the commit) or
`rebuild` (begin a rebuild of partition 1 and hang in its middle). It prints a word when under way.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from app.event_store.connections import Connection
from app.event_store.recorded_event import Recorded
from app.projections.rebuild import Rebuild
from app.projections.runner import ProjectionRunner, ProjectionRunnerLimits
from tests.event_store.samples import LIBRARY_CODEC, LibraryEvent
from tests.projections.runner.library import VisitsReader

FOLLOWING = ProjectionRunnerLimits(batch_events_max=20, poll_interval_seconds=0.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class HangingReader(VisitsReader):
    """Writes its effects like the other one, says so, and never returns."""

    async def apply(self, connection: Connection, batch: Sequence[Recorded[LibraryEvent]]) -> None:
        """Write the effects and hang."""
        await VisitsReader.apply(self, connection, batch)
        print("hanging", flush=True)  # noqa: T201 - it is how the parent hears of it
        await asyncio.Event().wait()


async def main(url: str, what: str) -> None:
    """Do what was asked until killed."""
    async with asyncpg.create_pool(url, min_size=0) as pool:
        match what:
            case "follow":
                print("following", flush=True)  # noqa: T201
                runner = ProjectionRunner(pool, LIBRARY_CODEC, [VisitsReader()], limits=FOLLOWING)
                await runner.run(asyncio.Event())
            case "hang":
                await ProjectionRunner(pool, LIBRARY_CODEC, [HangingReader()]).run_once()
            case "rebuild":
                rebuild = Rebuild(
                    pool=pool, codec=LIBRARY_CODEC, reader=HangingReader(), batch_events_max=2
                )
                await rebuild.run([1])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
