"""Loading streams for commands, those asked for at the same time in one query."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from app.event_store.append import QueueFull
from app.event_store.codec import Codec
from app.event_store.connections import LOST_CONNECTION, Queryable
from app.event_store.log import STREAM_EVENTS_MAX, EventLog, Loaded, StoredRequest, stored_event
from app.event_store.recorded_event import E
from app.leased_work.batching import Batcher
from app.topology import Topology

WAITING_MAX = 10_000
TOGETHER_MAX = 128

# A request that was answered before needs no state, so its events are left out.
LOAD_TOGETHER = """
SELECT w.number, k.fingerprint, k.status, k.response,
       e.partition_id, e.position, e.stream_id, e.version, e.event_id, e.type, e.schema_version,
       e.data, e.metadata, e.occurred_at, e.recorded_at
FROM unnest($1::smallint[], $2::text[], $3::int[], $4::text[], $5::text[]) WITH ORDINALITY
    AS w(partition_id, stream_id, after_version, scope, key, number)
LEFT JOIN LATERAL (
    SELECT r.fingerprint, r.status, r.response
    FROM after_sales.idempotency_keys AS r
    WHERE r.partition_id = w.partition_id AND r.scope = w.scope AND r.key = w.key
    LIMIT 1
) AS k ON true
LEFT JOIN LATERAL (
    SELECT f.partition_id, f.position, f.stream_id, f.version, f.event_id, f.type,
           f.schema_version, f.data, f.metadata, f.occurred_at, f.recorded_at
    FROM after_sales.events AS f
    WHERE f.partition_id = w.partition_id AND f.stream_id = w.stream_id
      AND f.version > w.after_version
    ORDER BY f.version
    LIMIT $6
) AS e ON k.fingerprint IS NULL
ORDER BY w.number, e.version
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A stream after a version, and the idempotency key it is wanted for, if any."""

    partition_id: int
    stream_id: str
    after_version: int = 0
    scope: str | None = None
    key: str | None = None


class StreamLoader:
    """Loads streams for commands, many in one query. On Citus each alone: a query keeps to a shard.

    Belongs to one event loop. It needs no closing: what is under way ends with those who wait.
    """

    def __init__(self, database: Queryable, topology: Topology = Topology.SINGLE) -> None:
        self._database = database
        self._together = topology is Topology.SINGLE
        self._batcher = Batcher(
            self._rows_of,
            batch_max=TOGETHER_MAX,
            waiting_max=WAITING_MAX,
            splits=lambda error: not isinstance(error, LOST_CONNECTION),
            full=QueueFull,
        )

    async def load(self, wanted: Wanted, codec: Codec[E]) -> Loaded[E]:
        """Return the request answered before under the key, or else the stream's events, decoded.

        No more than `STREAM_EVENTS_MAX` of them.

        Raises QueueFull, UndecodableEvent and what asyncpg raises; one load's failure is its own.
        """
        if not self._together:
            return await self._alone(wanted, codec)
        return _loaded(await self._batcher.submit(wanted), codec)

    async def _alone(self, wanted: Wanted, codec: Codec[E]) -> Loaded[E]:
        return await EventLog(codec).load(
            self._database,
            wanted.partition_id,
            wanted.stream_id,
            after_version=wanted.after_version,
            scope=wanted.scope,
            key=wanted.key,
        )

    async def _rows_of(self, wanted: Sequence[Wanted]) -> list[list[asyncpg.Record]]:
        """Return the rows of each; there is at least one of each."""
        rows = await self._database.fetch(
            LOAD_TOGETHER,
            [one.partition_id for one in wanted],
            [one.stream_id for one in wanted],
            [one.after_version for one in wanted],
            [one.scope for one in wanted],
            [one.key for one in wanted],
            STREAM_EVENTS_MAX,
        )
        found: list[list[asyncpg.Record]] = [[] for _ in wanted]
        for row in rows:
            found[row["number"] - 1].append(row)
        return found


def _loaded(rows: Sequence[asyncpg.Record], codec: Codec[E]) -> Loaded[E]:
    first = rows[0]
    if first["fingerprint"] is not None:
        request = StoredRequest(
            fingerprint=first["fingerprint"], status=first["status"], response=first["response"]
        )
        return Loaded(request=request, events=[])
    events = [codec.recorded(stored_event(row)) for row in rows if row["version"] is not None]
    return Loaded(request=None, events=events)
