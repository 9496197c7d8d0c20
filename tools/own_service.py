"""A service of a command's own, in its own process: for trying things out."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from app.clock import SystemClock
from app.resources import open_resources
from app.settings import Settings
from app.worker import run_worker


async def work_until(settings: Settings, stop: asyncio.Event) -> None:
    """Run a worker until ``stop`` is set."""
    clock = SystemClock()
    async with open_resources(settings, clock) as resources:
        await run_worker(resources, clock, stop)


async def unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work unless stopped before it is done; return whether it was."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
            return True
        return False
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.wait({working, stopping})
