"""Waiting for the first of several things, and doing many things a bounded number at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar


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


ThingT = TypeVar("ThingT")
ResultT = TypeVar("ResultT")


async def each_by_itself(
    things: Sequence[ThingT],
    do: Callable[[ThingT], Awaitable[ResultT]],
    *,
    at_once_max: int,
) -> list[ResultT]:
    """Return what was done with each thing, in their order. ``do`` makes its failures results."""
    permits = asyncio.Semaphore(at_once_max)

    async def result(thing: ThingT) -> ResultT:
        async with permits:
            return await do(thing)

    return await asyncio.gather(*map(result, things))
