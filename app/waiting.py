"""Waiting for the first of several things, and no longer than that."""

import asyncio
from contextlib import suppress


async def wait_for_any(timeout_seconds: float, *events: asyncio.Event) -> None:
    """Wait until one of the events is set, or the time is over."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        with suppress(TimeoutError):
            await asyncio.wait(
                waiting, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED
            )
    finally:
        for task in waiting:
            task.cancel()


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait some seconds, or less if ``stop`` is set."""
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
