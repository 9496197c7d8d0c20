"""The worker process beside the API under measurement. Takes settings from the environment."""

import asyncio
import signal

import uvloop

from app.clock import SystemClock
from app.logs import configure_logs
from app.resources import open_resources
from app.settings import Settings
from app.worker import run_worker


async def work() -> None:
    """Work until terminated."""
    settings, clock, stop = Settings(), SystemClock(), asyncio.Event()
    configure_logs(settings)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_resources(settings, clock) as resources:
        await run_worker(resources, clock, stop)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(work())
