"""Reading the feed: a page of a shop's events, of a partition's, or of all partitions.

The feed of all shops reads partition by partition, each in the order of the log. Only the query for
the positions reached covers all partitions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.event_store.connections import Queryable
from app.event_store.streams import PARTITION_COUNT, partition_of
from app.projections.paging import PAGE_ROWS_MAX
from app.reactions.public_types import EventType
from app.webhooks.feed.reader import PublicEventsReader

SCANNED_MAX = 5_000
"""The maximum number of events scanned for the wanted types in one query."""

ORDINAL_MAX = 2**15 - 1

_SHOPS_OWN = "p.partition_id = $1 AND p.shop_id = $8"
_PARTITIONS = "p.partition_id = $1"

# At least one row is returned, with the positions of log and feed. Scanned places are read from an
# index only; bodies are fetched only for wanted events.
_PAGE = """
WITH scanned AS MATERIALIZED (
    SELECT p.position, p.ordinal, p.type FROM after_sales.public_events AS p
    WHERE {own} AND (p.position, p.ordinal) > ($2, $3)
    ORDER BY p.position, p.ordinal
    LIMIT $4
), wanted AS MATERIALIZED (
    SELECT s.position, s.ordinal, s.type FROM scanned AS s
    WHERE $5::text[] IS NULL OR s.type = ANY ($5)
    ORDER BY s.position, s.ordinal
    LIMIT $6
), passed AS (
    SELECT count(*) AS scanned, max(s.position) AS position FROM scanned AS s
)
SELECT h.position AS head, c.position AS current_to, t.scanned, t.position AS scanned_to,
       (SELECT max(s.ordinal) FROM scanned AS s WHERE s.position = t.position) AS scanned_ordinal,
       w.position, w.ordinal, w.type,
       (SELECT p.body FROM after_sales.public_events AS p
        WHERE p.partition_id = $1 AND p.position = w.position AND p.ordinal = w.ordinal) AS body
FROM after_sales.log_heads AS h
LEFT JOIN after_sales.checkpoints AS c ON c.partition_id = h.partition_id AND c.reader = $7
CROSS JOIN passed AS t
LEFT JOIN wanted AS w ON true
WHERE h.partition_id = $1
ORDER BY w.position, w.ordinal
"""

SHOP_PAGE = _PAGE.format(own=_SHOPS_OWN)
PARTITION_PAGE = _PAGE.format(own=_PARTITIONS)

FIND_REACHED = """
SELECT c.partition_id, c.position FROM after_sales.checkpoints AS c WHERE c.reader = $1
"""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The place of a public event in its partition; with `ORDINAL_MAX`, after a position."""

    position: int
    ordinal: int


BEGINNING = Place(0, ORDINAL_MAX)
"""Before the first event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FedEvent:
    """A public event's body and place."""

    place: Place
    type: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """Events in order; the next page is after ``next``, which is never before this page's start.

    ``more``: there may be more. ``current_to`` and ``head``: the positions of the feed and of the
    log in the partition.
    """

    events: tuple[FedEvent, ...]
    next: Place
    more: bool
    current_to: int
    head: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A request for events after a place, of all types or of those named.

    At most ``limit``, 1 to `PAGE_ROWS_MAX`, else ValueError. The search for types stops after
    `SCANNED_MAX` events: such a page may be empty with ``more`` set.
    """

    after: Place
    types: Sequence[EventType] = ()
    limit: int

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= PAGE_ROWS_MAX:
            raise ValueError(f"a page has 1 to {PAGE_ROWS_MAX} rows")


async def read_shop_feed(database: Queryable, shop_id: str, wanted: Wanted) -> FeedPage:
    """Return events of one shop."""
    return await _page(database, SHOP_PAGE, wanted, partition_of(shop_id), shop_id)


async def read_partition_feed(database: Queryable, partition_id: int, wanted: Wanted) -> FeedPage:
    """Return events of all shops of a partition."""
    return await _page(database, PARTITION_PAGE, wanted, partition_id)


async def find_reached(database: Queryable) -> dict[int, int]:
    """Return the feed's position in each partition."""
    rows = await database.fetch(FIND_REACHED, PublicEventsReader.name)
    return {row["partition_id"]: row["position"] for row in rows}


async def _page(
    database: Queryable, query: str, wanted: Wanted, partition_id: int, *shop: str
) -> FeedPage:
    scanned_max = SCANNED_MAX if wanted.types else wanted.limit + 1
    rows = await database.fetch(
        query,
        partition_id,
        wanted.after.position,
        wanted.after.ordinal,
        scanned_max,
        [each.value for each in wanted.types] or None,
        wanted.limit + 1,
        PublicEventsReader.name,
        *shop,
    )
    found = [
        FedEvent(place=Place(row["position"], row["ordinal"]), type=row["type"], body=row["body"])
        for row in rows
        if row["position"] is not None
    ]
    first, current_to = rows[0], rows[0]["current_to"] or 0
    if len(found) > wanted.limit:
        end, more = found[wanted.limit - 1].place, True
    elif first["scanned"] == scanned_max:
        end, more = Place(first["scanned_to"], first["scanned_ordinal"]), True
    else:
        end, more = max(wanted.after, Place(current_to, ORDINAL_MAX)), False
    return FeedPage(
        events=tuple(found[: wanted.limit]),
        next=end,
        more=more,
        current_to=current_to,
        head=first["head"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """A place in every partition, and the partition to read first (``turn``)."""

    places: tuple[Place, ...]
    turn: int = 0

    def __post_init__(self) -> None:
        if len(self.places) != PARTITION_COUNT or not 0 <= self.turn < PARTITION_COUNT:
            raise ValueError(f"{PARTITION_COUNT} places, and one of them first")


EVERY_BEGINNING = Places(places=(BEGINNING,) * PARTITION_COUNT)
"""Before the first event of any shop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedPage:
    """Events, and where the next page begins; ``more``: there may be more."""

    events: tuple[FedEvent, ...]
    next: Places
    more: bool


async def latest_places(database: Queryable) -> Places:
    """Return the places after all present events."""
    reached = await find_reached(database)
    return Places(places=tuple(_end(reached, number) for number in range(PARTITION_COUNT)))


async def read_merged_feed(
    database: Queryable, after: Places, *, types: Sequence[EventType] = (), limit: int
) -> MergedPage:
    """Return events of all shops, with at most one query per partition that has new ones.

    The next page begins with the partition after the one that filled this page, so that a busy shop
    does not delay the others.
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
