"""The number of concurrent attempts per endpoint, so that no endpoint uses up the capacity
(bulkhead).

The limit depends on an endpoint's health (app/webhooks/breaker.py): low until its first response,
one while it is probed, none while its circuit is open. Failing endpoints together get at most half
of the capacity, so healthy ones always find some.

Each process has its own view of health, and resets it when the endpoint was enabled. What must
survive a process, the time since which nothing was delivered, is in the database.
"""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from app.webhooks import breaker
from app.webhooks.deliveries.claims import DueQueue, Queue
from app.webhooks.outcomes import Outcome

UNKNOWN_ENDPOINT_CONCURRENCY = 2
"""The concurrency of an endpoint that has not responded to this process yet."""

REMEMBERED_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrencyLimits:
    """``total_max``: concurrent attempts of one process."""

    total_max: int = 256
    policy: breaker.HealthPolicy = field(default_factory=breaker.HealthPolicy)


class EndpointConcurrency:
    """The attempts under way in one process, and the health of their endpoints."""

    def __init__(self, limits: ConcurrencyLimits) -> None:
        self._limits = limits
        self._under_way: Counter[UUID] = Counter()
        self._health: OrderedDict[UUID, breaker.Health] = OrderedDict()
        self._enabled: dict[UUID, int] = {}
        self._turn = 0

    @property
    def total(self) -> int:
        """The number of attempts under way."""
        return self._under_way.total()

    def capacity_of(self, endpoint_id: UUID, now: datetime) -> int:
        """Return how many more attempts an endpoint may have, by its owner's clock."""
        health, under_way = self._health_of(endpoint_id), self._under_way[endpoint_id]
        if not isinstance(breaker.admit(health, under_way, now, self._limits.policy), breaker.Send):
            return 0
        own = health.concurrency - under_way if isinstance(health.circuit, breaker.Closed) else 1
        return max(min(own, self._free(fails=health.failing)), 0)

    def allocate(self, due: Sequence[DueQueue]) -> dict[Queue, int]:
        """Return how many deliveries may be claimed from each queue, within all limits.

        Round-robin over endpoints, and over the queues of an endpoint. The first one changes with
        each call, so that every endpoint is served however many there are.
        """
        self._turn += 1
        queues: defaultdict[UUID, list[DueQueue]] = defaultdict(list)
        for queue in due:
            self._reset_if_enabled(queue)
            queues[queue.endpoint_id].append(queue)
        left = {own: self.capacity_of(own, found[0].endpoint_now) for own, found in queues.items()}
        free = {fails: self._free(fails=fails) for fails in (False, True)}
        order = _rotated([own for own, free_now in left.items() if free_now > 0], self._turn)
        allocated: Counter[Queue] = Counter()
        for given in range(max(left.values(), default=0)):
            for own in order:
                fails = self._health_of(own).failing
                if left[own] > 0 and free[False] > 0 and free[fails] > 0:
                    found = queues[own]
                    allocated[found[(self._turn + given) % len(found)].key] += 1
                    left[own] -= 1
                    free[False] -= 1
                    free[True] -= fails
        return dict(allocated)

    def without_capacity(self, now: datetime) -> Iterator[tuple[UUID, int]]:
        """Return the known endpoints without capacity.

        Each with the latest version in which it is known to have been enabled.
        """
        for endpoint_id in list(self._health):
            if self.capacity_of(endpoint_id, now) == 0:
                yield endpoint_id, self._enabled.get(endpoint_id, 0)

    def acquire(self, endpoint_id: UUID, now: datetime) -> None:
        """Count an attempt that begins; a probe, if the circuit was open."""
        under_way = self._under_way[endpoint_id]
        authorization = breaker.admit(
            self._health_of(endpoint_id), under_way, now, self._limits.policy
        )
        if isinstance(authorization, breaker.Send):
            self._remember(endpoint_id, authorization.health)
        self._under_way[endpoint_id] = under_way + 1

    def release(self, endpoint_id: UUID) -> None:
        """Count an attempt that ended."""
        self._under_way[endpoint_id] -= 1
        if self._under_way[endpoint_id] <= 0:
            del self._under_way[endpoint_id]

    def record(self, endpoint_id: UUID, outcome: Outcome, now: datetime) -> None:
        """Record the outcome of an attempt, by the owner's clock."""
        health = self._health_of(endpoint_id)
        self._remember(
            endpoint_id, breaker.record_outcome(health, outcome, now, self._limits.policy)
        )

    def _free(self, *, fails: bool) -> int:
        free = self._limits.total_max - self.total
        if not fails:
            return free
        held = sum(
            under_way
            for endpoint_id, under_way in self._under_way.items()
            if self._health_of(endpoint_id).failing
        )
        return min(free, self._limits.total_max // 2 - held)

    def _reset_if_enabled(self, queue: DueQueue) -> None:
        """Reset the health of an endpoint that was enabled, once for all its queues."""
        if queue.enabled_version > self._enabled.get(queue.endpoint_id, 0):
            self._remember(queue.endpoint_id, self._unknown)
            self._enabled[queue.endpoint_id] = queue.enabled_version

    @property
    def _unknown(self) -> breaker.Health:
        return replace(
            breaker.healthy(self._limits.policy), concurrency=UNKNOWN_ENDPOINT_CONCURRENCY
        )

    def _health_of(self, endpoint_id: UUID) -> breaker.Health:
        return self._health.get(endpoint_id) or self._unknown

    def _remember(self, endpoint_id: UUID, health: breaker.Health) -> None:
        self._health[endpoint_id] = health
        self._health.move_to_end(endpoint_id)
        if len(self._health) > REMEMBERED_MAX:
            forgotten, _ = self._health.popitem(last=False)
            self._enabled.pop(forgotten, None)


def _rotated(order: Sequence[UUID], turn: int) -> Sequence[UUID]:
    first = turn % len(order) if order else 0
    return [*order[first:], *order[:first]]
