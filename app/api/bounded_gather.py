"""Does something for each of many things, a bounded number at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

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
