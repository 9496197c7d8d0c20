"""The live streams open in this process: bounded, and ended when the process stops."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Gauge

from app.api.problems.problem import ProblemError


@dataclass(frozen=True, slots=True)
class OpenStream:
    """One open stream: ``wakeup`` is set when there may be something to send, or it must end."""

    wakeup: asyncio.Event
    ending: asyncio.Event


class LiveStreams:
    """Counts streams, for the process and for each caller, and ends all of them together."""

    def __init__(
        self,
        metrics: CollectorRegistry,
        *,
        streams_max: int,
        per_caller_max: int,
    ) -> None:
        self._streams_max = streams_max
        self._per_caller_max = per_caller_max
        self._of_callers: Counter[str] = Counter()
        self._open: set[asyncio.Event] = set()
        self._ending = asyncio.Event()
        self._gauge = Gauge(
            "aftersales_open_streams", "Live streams open in this process.", registry=metrics
        )

    @property
    def ending(self) -> asyncio.Event:
        """Set when the process is about to stop: whatever waits for long ends then."""
        return self._ending

    @contextmanager
    def open(
        self, woken: AbstractContextManager[asyncio.Event], caller: str
    ) -> Iterator[OpenStream]:
        """Open a stream for a caller; a ProblemError if there are too many or the process ends.

        ``woken`` gives what is set when there may be something to send.
        """
        if self._ending.is_set() or len(self._open) >= self._streams_max:
            raise ProblemError("overloaded")
        if self._of_callers[caller] >= self._per_caller_max:
            raise ProblemError("too_many_streams", facts={"streams_max": self._per_caller_max})
        with woken as wakeup, self._counted(wakeup, caller):
            yield OpenStream(wakeup, self._ending)

    def end(self) -> None:
        """End every stream, and let no other begin: the process is about to stop."""
        self._ending.set()
        for wakeup in self._open:
            wakeup.set()

    @contextmanager
    def _counted(self, wakeup: asyncio.Event, caller: str) -> Iterator[None]:
        self._open.add(wakeup)
        self._of_callers[caller] += 1
        self._gauge.set(len(self._open))
        try:
            yield
        finally:
            self._open.discard(wakeup)
            self._of_callers[caller] -= 1
            if not self._of_callers[caller]:
                del self._of_callers[caller]
            self._gauge.set(len(self._open))
