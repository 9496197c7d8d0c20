"""Making out public events of a test's log, apart from any reader."""

from collections.abc import Sequence

from app.event_store.log import read_places_stored
from app.event_store.recorded_event import Recorded
from app.event_store.streams import partition_of
from app.event_types.registry import ServiceEvent
from app.webhooks.catalog.public_event import PublicEvent
from app.webhooks.catalog.publisher import public_events_of
from tests.projections.event_log import EVERYTHING, Logged


async def everything(logged: Logged, *shop_ids: str) -> list[Recorded[ServiceEvent]]:
    """Read the partitions of shops to their ends, one after another."""
    places = [(partition_id, 0) for partition_id in sorted({*map(partition_of, shop_ids)})]
    found = await read_places_stored(logged.pool, places, limit_each=10_000)
    return [EVERYTHING.recorded(row) for rows in found.values() for row in rows]


async def derived(
    logged: Logged, events: Sequence[Recorded[ServiceEvent]], batch: int
) -> list[PublicEvent]:
    """Return what events mean for others, as batches of a size would give it."""
    found: list[PublicEvent] = []
    for start in range(0, len(events), batch):
        async with logged.pool.acquire() as connection, connection.transaction():
            found += await public_events_of(connection, events[start : start + batch])
    return found
