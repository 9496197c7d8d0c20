"""The appends waiting for the next batch of a batcher, and which of them may go in it together."""

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain

from app.event_store.append import Append, AppendFailed, EventStoreUnavailable, Outcome, QueueFull
from app.event_store.streams import PARTITION_COUNT
from app.leased_work.backoff import Backoff


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendLimits:
    """The bounds of a batcher. Bytes count payloads, metadata and responses.

    A batch is not made smaller than ``batch_items_min`` to leave something to other writers.
    """

    waiting_max: int = 10_000
    batch_items_min: int = 32
    batch_items_max: int = 512
    batch_events_max: int = 4_096
    batch_bytes_max: int = 8 * 1024 * 1024
    statement_timeout_seconds: float = 10.0
    connect_timeout_seconds: float = 5.0
    reconnect: Backoff = field(default_factory=lambda: Backoff(seconds_min=0.05, seconds_max=2.0))


@dataclass(eq=False, slots=True)
class WaitingAppend:
    """An append and the future of its outcome."""

    item: Append
    outcome: "asyncio.Future[Outcome]"
    size_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        request = self.item.idempotency
        self.size_bytes = len(request.response) if request else 0
        for event in self.item.events:
            self.size_bytes += len(event.data) + len(event.metadata)

    def succeed(self, outcome: Outcome) -> None:
        """Set the outcome, unless the caller was cancelled."""
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def fail(self, failure: AppendFailed) -> None:
        """Set a failure, unless the caller was cancelled."""
        if not self.outcome.done():
            self.outcome.set_exception(failure)


class AppendQueue:
    """What waits, by partition, bounded; ``arrived`` is set while anything does, or once closed.

    Within a partition it is first come, first served, and so it is among partitions by the oldest
    item of each.
    """

    def __init__(self, limits: AppendLimits, *, writers: int, one_partition: bool) -> None:
        self.arrived = asyncio.Event()
        self.closed = False
        self._limits = limits
        self._writers = writers
        self._partitions_max = 1 if one_partition else PARTITION_COUNT
        self._waiting: dict[int, deque[WaitingAppend]] = {}
        self._waiting_count = 0
        self._in_flight: Counter[int] = Counter()
        self._in_flight_count = 0

    def __len__(self) -> int:
        return self._waiting_count

    def put(self, waiting: WaitingAppend) -> None:
        """Add to the end; QueueFull if too many wait, EventStoreUnavailable once closed."""
        if self.closed:
            raise EventStoreUnavailable("the append batcher is closed")
        if self._waiting_count >= self._limits.waiting_max:
            raise QueueFull(f"{self._limits.waiting_max} appends are waiting")
        self._waiting.setdefault(waiting.item.partition_id, deque()).append(waiting)
        self._waiting_count += 1
        self.arrived.set()

    def take_batch(self) -> list[WaitingAppend]:
        """Remove and return the next batch; ``give_back`` releases its partitions.

        A batch is bounded and has each stream and each key at most once; a single item over the
        bounds goes alone. It is one writer's share and avoids the partitions of other batches in
        flight, so that writers do not wait for each other's locks. Cancelled items are dropped.
        """
        batch = _Batch(self._limits, items_max=self._share())
        for partition_id in self._partitions_in_turn():
            if batch.full:
                break
            self._move(partition_id, batch)
        for waiting in batch.members:
            self._in_flight[waiting.item.partition_id] += 1
        self._in_flight_count += len(batch.members)
        self._quiet_if_empty()
        return batch.members

    def give_back(self, batch: Sequence[WaitingAppend]) -> None:
        """Release the partitions of a batch."""
        self._in_flight -= Counter(waiting.item.partition_id for waiting in batch)
        self._in_flight_count -= len(batch)

    def take_all(self) -> list[WaitingAppend]:
        """Remove and return all waiting appends."""
        everything = list(chain.from_iterable(self._waiting.values()))
        self._waiting.clear()
        self._waiting_count = 0
        self._quiet_if_empty()
        return everything

    def close(self) -> None:
        """Accept nothing more, and wake all callers that wait for an arrival, now and later."""
        self.closed = True
        self.arrived.set()

    def _share(self) -> int:
        # If one writer took everything, the others would be idle meanwhile, and all its callers
        # would return together for one writer again: batches one after another instead of in
        # parallel.
        at_work = self._waiting_count + self._in_flight_count
        share = max(-(-at_work // self._writers), self._limits.batch_items_min)
        return min(share, self._limits.batch_items_max)

    def _partitions_in_turn(self) -> list[int]:
        free = [p for p in self._waiting if p not in self._in_flight]
        return (free or list(self._waiting))[: self._partitions_max]

    def _move(self, partition_id: int, batch: "_Batch") -> None:
        queue = self._waiting.pop(partition_id)
        left: deque[WaitingAppend] = deque()
        while queue and not batch.full:
            waiting = queue.popleft()
            if not waiting.outcome.done() and not batch.admit(waiting):
                left.append(waiting)
            else:
                self._waiting_count -= 1
        left.extend(queue)
        if left:
            self._waiting[partition_id] = left

    def _quiet_if_empty(self) -> None:
        if not self._waiting and not self.closed:
            self.arrived.clear()


class _Batch:
    def __init__(self, limits: AppendLimits, *, items_max: int) -> None:
        self.members: list[WaitingAppend] = []
        self.full = False
        self._limits = limits
        self._items_max = items_max
        self._events = 0
        self._size_bytes = 0
        self._streams: set[tuple[int, str]] = set()
        self._keys: set[tuple[int, str, str]] = set()

    def admit(self, waiting: WaitingAppend) -> bool:
        item = waiting.item
        stream, request = (item.partition_id, item.stream_id), item.idempotency
        key = (item.partition_id, request.scope, request.key) if request else None
        if stream in self._streams or key in self._keys or not self._has_room_for(waiting):
            return False
        self._streams.add(stream)
        if key is not None:
            self._keys.add(key)
        self._events += len(item.events)
        self._size_bytes += waiting.size_bytes
        self.members.append(waiting)
        self.full = len(self.members) >= self._items_max
        return True

    def _has_room_for(self, waiting: WaitingAppend) -> bool:
        events = self._events + len(waiting.item.events)
        size_bytes = self._size_bytes + waiting.size_bytes
        fits = (
            events <= self._limits.batch_events_max and size_bytes <= self._limits.batch_bytes_max
        )
        # No later append may overtake into the rest of the bounds.
        self.full = not fits and bool(self.members)
        return fits or not self.members
