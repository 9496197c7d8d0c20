"""Doing things side by side; the first that fails ends the others, and is raised as it is."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def side_by_side(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Return the results, in their order."""
    try:
        async with asyncio.TaskGroup() as tasks:
            begun = [tasks.create_task(work) for work in works]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in begun]
