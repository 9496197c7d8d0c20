"""A fixed number of callers, each asking again as soon as it is answered."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from bench.rounds import Round


async def closed_loop(
    one: Callable[[], Awaitable[object]], *, concurrent: int, seconds: float
) -> Round:
    """Let `concurrent` callers repeat `one` for `seconds`; the last calls are waited for."""
    latencies: list[float] = []
    clock = time.perf_counter
    began = clock()
    ends = began + seconds

    async def caller() -> None:
        before = clock()
        while before < ends:
            await one()
            after = clock()
            latencies.append(after - before)
            before = after

    async with asyncio.TaskGroup() as callers:
        for _ in range(concurrent):
            callers.create_task(caller())
    return Round(seconds=clock() - began, latencies_seconds=latencies)
