"""The appends waiting for a lane's next batch, and which of them may go in it together."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from app.event_store.append import Append, AppendFailed, EventStoreUnavailable, LaneFull, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneLimits:
    """How much a lane holds and sends. Bytes count payloads, metadata and responses."""

    waiting_max: int = 10_000
    batch_items_max: int = 512
    batch_events_max: int = 4_096
    batch_bytes_max: int = 8 * 1024 * 1024
    statement_timeout_seconds: float = 10.0
    connect_timeout_seconds: float = 5.0
    backoff_min_seconds: float = 0.05
    backoff_max_seconds: float = 2.0


@dataclass(eq=False, slots=True)
class WaitingAppend:
    """An append and whoever waits for its outcome."""

    item: Append
    outcome: "asyncio.Future[Outcome]"
    size_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        request = self.item.idempotency
        self.size_bytes = len(request.response) if request else 0
        for event in self.item.events:
            self.size_bytes += len(event.data) + len(event.metadata)

    def succeed(self, outcome: Outcome) -> None:
        """Hand over the outcome, unless the one waiting has gone."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def fail(self, failure: AppendFailed) -> None:
        """Hand over a failure, unless the one waiting has gone."""
        if not self.outcome.done():
            self.outcome.set_exception(failure)


class LaneQueue:
    """First come, first served, bounded. ``arrived`` is set while anything waits or once closed."""

    def __init__(self, limits: LaneLimits) -> None:
        self.arrived = asyncio.Event()
        self.closed = False
        self._limits = limits
        self._waiting: deque[WaitingAppend] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, waiting: WaitingAppend) -> None:
        """Add to the end; LaneFull if too many wait, EventStoreUnavailable once closed."""
        if self.closed:
            raise EventStoreUnavailable("the append lane is closed")
        if len(self._waiting) >= self._limits.waiting_max:
            raise LaneFull(f"{self._limits.waiting_max} appends are waiting")
        self._waiting.append(waiting)
        self.arrived.set()

    def take_batch(self, *, one_partition: bool) -> list[WaitingAppend]:
        """Remove and return what goes together next: bounded, each stream and key at most once.

        A single item over the bounds still goes, alone. Whoever does not wait any more is dropped.
        """
        batch = _Batch(self._limits, one_partition=one_partition)
        left: list[WaitingAppend] = []
        while self._waiting and not batch.full:
            waiting = self._waiting.popleft()
            if not waiting.outcome.done() and not batch.admit(waiting):
                left.append(waiting)
        self._waiting.extendleft(reversed(left))
        self._quiet_if_empty()
        return batch.members

    def take_all(self) -> list[WaitingAppend]:
        """Remove and return everything that waits."""
        everything = list(self._waiting)
        self._waiting.clear()
        self._quiet_if_empty()
        return everything

    def close(self) -> None:
        """Take nothing more and wake everyone who waits for something to arrive, now and later."""
        self.closed = True
        self.arrived.set()

    def _quiet_if_empty(self) -> None:
        if not self._waiting and not self.closed:
            self.arrived.clear()


class _Batch:
    def __init__(self, limits: LaneLimits, *, one_partition: bool) -> None:
        self.members: list[WaitingAppend] = []
        self.full = False
        self._limits = limits
        self._one_partition = one_partition
        self._events = 0
        self._size_bytes = 0
        self._streams: set[tuple[int, str]] = set()
        self._keys: set[tuple[int, str, str]] = set()

    def admit(self, waiting: WaitingAppend) -> bool:
        item = waiting.item
        if self.members and not self._fits(waiting):
            return False
        self._streams.add((item.partition_id, item.stream_id))
        if request := item.idempotency:
            self._keys.add((item.partition_id, request.scope, request.key))
        self._events += len(item.events)
        self._size_bytes += waiting.size_bytes
        self.members.append(waiting)
        self.full = len(self.members) >= self._limits.batch_items_max
        return True

    def _fits(self, waiting: WaitingAppend) -> bool:
        item, request, limits = waiting.item, waiting.item.idempotency, self._limits
        if (
            self._events + len(item.events) > limits.batch_events_max
            or self._size_bytes + waiting.size_bytes > limits.batch_bytes_max
        ):
            # Nobody behind may overtake into what is left of the bounds.
            self.full = True
            return False
        return (
            (item.partition_id, item.stream_id) not in self._streams
            and (not request or (item.partition_id, request.scope, request.key) not in self._keys)
            and (not self._one_partition or item.partition_id == self.members[0].item.partition_id)
        )
