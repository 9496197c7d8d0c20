"""Keeps the feed: `python -m tests.webhooks.feed_reader_process URL`, until killed."""

import asyncio
import sys

import asyncpg

from app.event_types.registry import event_codec
from app.projections.runner import ProjectionRunner, ProjectionRunnerLimits
from app.webhooks.feed.reader import PublicEventsReader

SMALL_BATCHES = ProjectionRunnerLimits(batch_events_max=7, poll_interval_seconds=0.01)


async def main(url: str) -> None:
    """Follow the log."""
    async with asyncpg.create_pool(url, min_size=0) as pool:
        runner = ProjectionRunner(pool, event_codec(), [PublicEventsReader()], limits=SMALL_BATCHES)
        print("following", flush=True)  # noqa: T201 - it is how the parent hears of it
        await runner.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
