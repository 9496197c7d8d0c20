"""Sending together what arrives together: what comes while a batch is under way goes in the next.

One statement then serves all of them, and nothing is delayed while there is nothing else to do.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class BatcherFull(Exception):
    """Too many items wait already."""


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[Item, Result]):
    item: Item
    result: "asyncio.Future[Result]"

    def fail(self, error: Exception) -> None:
        if not self.result.done():
            self.result.set_exception(error)


class Batcher(Generic[Item, Result]):
    """Sends items in batches, one after the other, and gives each its own result.

    ``send`` gets a batch and returns a result for each item, in order. ``apart``: items for which
    it returns different values are not sent together. ``splits``: whether the items of a batch that
    failed so are sent again one by one, so that one bad item fails alone; else all of them fail.

    Belongs to one event loop. It needs no closing: what is under way ends with those who wait.
    """

    def __init__(
        self,
        send: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        batch_max: int,
        waiting_max: int = 10_000,
        apart: Callable[[Item], Hashable] | None = None,
        splits: Callable[[Exception], bool] = lambda _: False,
        full: Callable[[str], Exception] = BatcherFull,
    ) -> None:
        self._send = send
        self._batch_max = batch_max
        self._waiting_max = waiting_max
        self._apart = apart
        self._splits = splits
        self._full = full
        self._waiting: deque[_Waiting[Item, Result]] = deque()
        self._sending: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """Send an item and return its result; raises what ``send`` raised, or ``full``."""
        if len(self._waiting) >= self._waiting_max:
            raise self._full(f"{self._waiting_max} are waiting")
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(item, result)
        self._waiting.append(waiting)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())
        return await waiting.result

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                batch = [one for one in self._next() if not one.result.done()]
                if batch:
                    await self._send_together(batch)
        finally:
            self._sending = None

    def _next(self) -> list[_Waiting[Item, Result]]:
        """Take the batch that comes next: the oldest, and what may go with it."""
        if self._apart is None:
            return [
                self._waiting.popleft() for _ in range(min(len(self._waiting), self._batch_max))
            ]
        group = self._apart(self._waiting[0].item)
        batch: list[_Waiting[Item, Result]] = []
        left: deque[_Waiting[Item, Result]] = deque()
        for one in self._waiting:
            fits = len(batch) < self._batch_max and self._apart(one.item) == group
            (batch if fits else left).append(one)
        self._waiting = left
        return batch

    async def _send_together(self, batch: Sequence[_Waiting[Item, Result]]) -> None:
        try:
            results = await self._send([one.item for one in batch])
        except Exception as error:  # noqa: BLE001 - raised again where the results are waited for
            if len(batch) > 1 and self._splits(error):
                for one in batch:
                    await self._send_together([one])
            else:
                for one in batch:
                    one.fail(error)
        else:
            for one, result in zip(batch, results, strict=True):
                if not one.result.done():
                    one.result.set_result(result)
