"""Whether every endpoint has every event, in order where that was asked for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

import asyncpg

from app.event_store.log import read_partition_stored
from app.event_store.streams import PARTITION_COUNT
from app.event_types.registry import event_codec
from app.projections.apply_batch import decode_feed
from app.webhooks.catalog.publisher import public_events_of
from tools.proof.webhooks.receiving import Arrival

STEP_EVENTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A public event of the log, and its place in its stream."""

    event_id: UUID
    stream_id: str
    place: tuple[int, int]


async def expected_events(database_url: str) -> list[Expected]:
    """Return the public events the log holds, after the last process has ended."""
    codec, found = event_codec(), list[Expected]()
    connection = await asyncpg.connect(database_url)
    try:
        for partition_id in range(PARTITION_COUNT):
            position = 0
            while rows := await read_partition_stored(
                connection, partition_id, after_position=position, limit=STEP_EVENTS
            ):
                position = rows[-1].position
                events = await public_events_of(connection, decode_feed(codec, rows).events)
                found += [
                    Expected(
                        event_id=one.event_id,
                        stream_id=one.stream_id,
                        place=(one.version, one.ordinal),
                    )
                    for one in events
                ]
    finally:
        await connection.close()
    return found


def differences(
    expected: Sequence[Expected],
    arrived: Mapping[int, Sequence[Arrival]],
    endpoints: int,
    ordered: set[int],
) -> list[str]:
    """Name every endpoint that lacks an event, has one that is none, or has them out of order."""
    places = {one.event_id: one.place for one in expected}
    found: list[str] = []
    for number in range(endpoints):
        got = arrived.get(number, ())
        ids = {one.event_id for one in got}
        if missing := places.keys() - ids:
            found.append(f"endpoint {number} lacks {len(missing)} events")
        if strange := ids - places.keys():
            found.append(f"endpoint {number} has {len(strange)} events that never happened")
        if number in ordered:
            found += [f"endpoint {number}: {one}" for one in _out_of_order(got, places)]
    return found


def duplicates(arrived: Mapping[int, Sequence[Arrival]]) -> int:
    """Return how often an event came to an endpoint that had it already."""
    total = 0
    for got in arrived.values():
        counts = Counter(one.event_id for one in got)
        total += counts.total() - len(counts)
    return total


def _out_of_order(got: Sequence[Arrival], places: Mapping[UUID, tuple[int, int]]) -> list[str]:
    """Compare the first arrivals of each stream, one after another."""
    streams: dict[str, dict[UUID, tuple[int, int]]] = {}
    for one in got:
        if one.event_id in places:
            streams.setdefault(one.stream_id, {}).setdefault(one.event_id, places[one.event_id])
    return [
        f"{stream_id} came in the order {list(came.values())}"
        for stream_id, came in streams.items()
        if any(earlier > later for earlier, later in pairwise(came.values()))
    ]
