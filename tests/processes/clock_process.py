"""A worker that advances test clocks: `python -m tests.processes.clock_process URL`.

It follows the log as well, and prints an order's stream each time it has acted on something due.
"""

import asyncio
import sys
from datetime import datetime

from app.clock import SystemClock
from app.command_handling.opening import open_command_handler
from app.event_types.registry import event_codec
from app.processes.test_clocks import TestClockWorker
from app.projection_registry import READERS
from app.projections.runner import ProjectionRunner
from app.resources import open_resources
from app.settings import Settings
from app.worker import act_and_tell_with


async def main(url: str) -> None:
    """Work until killed."""
    clock, stop = SystemClock(), asyncio.Event()
    settings = Settings(_env_file=None, database_url=url)
    async with (
        open_resources(settings, clock) as resources,
        open_command_handler(resources, clock) as handler,
        asyncio.TaskGroup() as tasks,
    ):
        act = act_and_tell_with(handler)

        async def act_and_print(partition_id: int, stream_id: str) -> datetime | None:
            next_at = await act(partition_id, stream_id)
            print(stream_id, flush=True)  # noqa: T201 - it is how the parent hears of it
            return next_at

        tasks.create_task(ProjectionRunner(resources.pool, event_codec(), READERS).run(stop))
        tasks.create_task(TestClockWorker(resources.pool, act_and_print, clock).run(stop))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
