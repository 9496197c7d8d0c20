"""A fixed number of callers, each asking again as soon as it is answered."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import TypeVar

from tools.bench.rounds import Round

T = TypeVar("T")


async def closed_loop(
    one: Callable[[], Awaitable[object]], *, concurrent: int, seconds: float
) -> Round:
    """Let `concurrent` callers repeat `one` for `seconds`; the last calls are waited for."""

    async def once(_number: int) -> None:
        await one()

    return await each_once(_until(time.perf_counter() + seconds), once, concurrent=concurrent)


async def each_once(
    items: Iterable[T], one: Callable[[T], Awaitable[object]], *, concurrent: int
) -> Round:
    """Let `concurrent` callers share the items, each calling `one` with the next one left."""
    left, latencies, clock = iter(items), list[float](), time.perf_counter

    async def caller() -> None:
        before = clock()
        for item in left:
            await one(item)
            after = clock()
            latencies.append(after - before)
            before = after

    began = clock()
    async with asyncio.TaskGroup() as callers:
        for _ in range(concurrent):
            callers.create_task(caller())
    return Round(seconds=clock() - began, operations=len(latencies), latencies_seconds=latencies)


def _until(ends: float) -> Iterator[int]:
    number = 0
    while time.perf_counter() < ends:
        yield number
        number += 1
