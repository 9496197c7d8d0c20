"""How many attempts may be under way at a time, so that no endpoint takes the room of another.

Each endpoint has as many places as its health allows (app/webhooks/breaker.py): few until it has
answered, one while it is probed, none while its circuit is open. All that fail together have at
most half of all places, so whoever answers finds room whatever the others do.

Health is kept by each process for itself, and begins anew once it hears that the endpoint was
enabled. What must outlive a process, since when nothing was delivered, is in the database.
"""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from app.webhooks.breaker import (
    Closed,
    Health,
    HealthPolicy,
    Send,
    admit,
    healthy,
    record_outcome,
)
from app.webhooks.deliveries.claims import DueQueue, Queue
from app.webhooks.outcomes import Outcome

STRANGERS_PLACES = 2
"""Places of an endpoint that has not answered this process yet."""

REMEMBERED_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcurrencyLimits:
    """``total_max``: attempts under way at a time in one process."""

    total_max: int = 256
    policy: HealthPolicy = field(default_factory=HealthPolicy)


class EndpointConcurrency:
    """The places of one process, who holds them, and how the endpoints do."""

    def __init__(self, limits: ConcurrencyLimits) -> None:
        self._limits = limits
        self._under_way: Counter[UUID] = Counter()
        self._health: OrderedDict[UUID, Health] = OrderedDict()
        self._enabled: dict[UUID, int] = {}
        self._turn = 0

    @property
    def total(self) -> int:
        """How many attempts are under way."""
        return self._under_way.total()

    def room_of(self, endpoint_id: UUID, now: datetime) -> int:
        """Return how many more attempts an endpoint may have under way at an instant of its own."""
        health, under_way = self._health_of(endpoint_id), self._under_way[endpoint_id]
        if not isinstance(admit(health, under_way, now, self._limits.policy), Send):
            return 0
        own = health.concurrency - under_way if isinstance(health.circuit, Closed) else 1
        return max(min(own, self._free(fails=health.failing)), 0)

    def allocate(self, due: Sequence[DueQueue]) -> dict[Queue, int]:
        """Return how many deliveries of which queues there is room for now, all taken together.

        Places go round: to each endpoint one, then another, and to the queues of an endpoint in
        turn. Who is first changes each time, so nobody is left out however many there are.
        """
        self._turn += 1
        queues: defaultdict[UUID, list[DueQueue]] = defaultdict(list)
        for queue in due:
            self._begin_anew_if_enabled(queue)
            queues[queue.endpoint_id].append(queue)
        left = {own: self.room_of(own, found[0].endpoint_now) for own, found in queues.items()}
        free = {fails: self._free(fails=fails) for fails in (False, True)}
        order = _rotated([own for own, room in left.items() if room > 0], self._turn)
        allotted: Counter[Queue] = Counter()
        for given in range(max(left.values(), default=0)):
            for own in order:
                fails = self._health_of(own).failing
                if left[own] > 0 and free[False] > 0 and free[fails] > 0:
                    found = queues[own]
                    allotted[found[(self._turn + given) % len(found)].key] += 1
                    left[own] -= 1
                    free[False] -= 1
                    free[True] -= fails
        return dict(allotted)

    def without_room(self, now: datetime) -> Iterator[tuple[UUID, int]]:
        """Return the endpoints, of those known here, that have no room now.

        Each with the latest version it is known to have been enabled in.
        """
        for endpoint_id in list(self._health):
            if self.room_of(endpoint_id, now) == 0:
                yield endpoint_id, self._enabled.get(endpoint_id, 0)

    def acquire(self, endpoint_id: UUID, now: datetime) -> None:
        """Take a place for an attempt; a probe, if the circuit was open."""
        under_way = self._under_way[endpoint_id]
        admission = admit(self._health_of(endpoint_id), under_way, now, self._limits.policy)
        if isinstance(admission, Send):
            self._remember(endpoint_id, admission.health)
        self._under_way[endpoint_id] = under_way + 1

    def release(self, endpoint_id: UUID) -> None:
        """Give the place of an attempt back."""
        self._under_way[endpoint_id] -= 1
        if self._under_way[endpoint_id] <= 0:
            del self._under_way[endpoint_id]

    def record(self, endpoint_id: UUID, outcome: Outcome, now: datetime) -> None:
        """Record how an attempt ended, at an instant of the endpoint's own."""
        health = self._health_of(endpoint_id)
        self._remember(endpoint_id, record_outcome(health, outcome, now, self._limits.policy))

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

    def _begin_anew_if_enabled(self, queue: DueQueue) -> None:
        """Forget how an endpoint did before it was enabled: once, whatever queue of it says so."""
        if queue.enabled_version > self._enabled.get(queue.endpoint_id, 0):
            self._remember(queue.endpoint_id, self._stranger)
            self._enabled[queue.endpoint_id] = queue.enabled_version

    @property
    def _stranger(self) -> Health:
        return replace(healthy(self._limits.policy), concurrency=STRANGERS_PLACES)

    def _health_of(self, endpoint_id: UUID) -> Health:
        return self._health.get(endpoint_id) or self._stranger

    def _remember(self, endpoint_id: UUID, health: Health) -> None:
        self._health[endpoint_id] = health
        self._health.move_to_end(endpoint_id)
        if len(self._health) > REMEMBERED_MAX:
            forgotten, _ = self._health.popitem(last=False)
            self._enabled.pop(forgotten, None)


def _rotated(order: Sequence[UUID], turn: int) -> Sequence[UUID]:
    first = turn % len(order) if order else 0
    return [*order[first:], *order[:first]]
