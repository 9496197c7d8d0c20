"""The feeds of all shops as one: each partition in the order of the log, one after another in turn.

No statement crosses partitions but the one that asks how far each has come.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.event_store.connections import Queryable
from app.event_store.partitions import PARTITION_COUNT
from app.reactions.public_types import EventType
from app.webhooks.feed.queries import (
    BEGINNING,
    ORDINAL_MAX,
    FedEvent,
    Place,
    Wanted,
    find_reached,
    read_partition_feed,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """A place in every partition, and the partition whose turn it is."""

    places: tuple[Place, ...]
    turn: int = 0

    def __post_init__(self) -> None:
        if len(self.places) != PARTITION_COUNT or not 0 <= self.turn < PARTITION_COUNT:
            raise ValueError(f"{PARTITION_COUNT} places, one of whose turn it is")


EVERY_BEGINNING = Places(places=(BEGINNING,) * PARTITION_COUNT)
"""Before the first event of any shop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedPage:
    """Events, and where the next page begins; ``more``: there may be more already."""

    events: tuple[FedEvent, ...]
    next: Places
    more: bool


async def latest_places(database: Queryable) -> Places:
    """Return the places behind all there is now."""
    reached = await find_reached(database)
    return Places(places=tuple(_end(reached, number) for number in range(PARTITION_COUNT)))


async def read_merged_feed(
    database: Queryable, after: Places, *, types: Sequence[EventType] = (), limit: int
) -> MergedPage:
    """Return events of all shops: at most one look at each partition that has something new.

    Where many have, the partition after the one that ended the page is the first of the next, so
    that no busy shop keeps the others waiting.
    """
    reached = await find_reached(database)
    places, turn, more = list(after.places), after.turn, False
    events: list[FedEvent] = []
    behind = [number for number in _in_turn(after.turn) if places[number] < _end(reached, number)]
    for looked_at, number in enumerate(behind, start=1):
        wanted = Wanted(after=places[number], types=types, limit=limit - len(events))
        page = await read_partition_feed(database, number, wanted)
        events += page.events
        places[number], turn = page.next, (number + 1) % PARTITION_COUNT
        more = more or page.more
        if len(events) == limit:
            more = more or looked_at < len(behind)
            break
    return MergedPage(events=tuple(events), next=Places(places=tuple(places), turn=turn), more=more)


def _end(reached: Mapping[int, int], partition_id: int) -> Place:
    return Place(reached.get(partition_id, 0), ORDINAL_MAX)


def _in_turn(first: int) -> list[int]:
    return [(first + number) % PARTITION_COUNT for number in range(PARTITION_COUNT)]
