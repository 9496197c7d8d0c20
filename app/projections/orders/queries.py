"""One order, as fresh as its last event: the row, and what has happened since, in one statement."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from app.domain.order.events import OrderEvent
from app.event_store.codec import Codec
from app.event_store.connections import Queryable
from app.event_store.log import stored_event
from app.event_store.recorded_event import ClockKind, Recorded
from app.event_store.streams import order_stream, partition_of
from app.projections.operation_log import (
    LogEntry,
    linked,
    log_entries,
    log_entry,
    log_entry_from_row,
)
from app.projections.orders.fold import fold_tail
from app.projections.orders.table import ORDERS
from app.projections.orders.view import OrderView

# The row, if any, has a lower version than every event of the tail, so it comes first.
FETCH_ORDER = """
WITH o AS (
    SELECT o.version, o.doc FROM after_sales.orders AS o
    WHERE o.partition_id = $1 AND o.shop_id = $2 AND o.order_id = $3
)
SELECT o.doc, NULL::smallint AS partition_id, NULL::bigint AS position, NULL::text AS stream_id,
       o.version, NULL::uuid AS event_id, NULL::text AS type, NULL::smallint AS schema_version,
       NULL::jsonb AS data, NULL::jsonb AS metadata, NULL::timestamptz AS occurred_at,
       NULL::timestamptz AS recorded_at
FROM o
UNION ALL
SELECT NULL, e.partition_id, e.position, e.stream_id, e.version, e.event_id, e.type,
       e.schema_version, e.data, e.metadata, e.occurred_at, e.recorded_at
FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id = $4
  AND e.version > coalesce((SELECT o.version FROM o), 0)
ORDER BY version
"""

# Three kinds of rows: the order, the lines of its log, and the events one or the other of the two
# has not seen yet. Row and log are kept by two readers, which may stand at different positions.
FETCH_ORDER_WITH_LOG = """
WITH o AS (
    SELECT o.version, o.doc FROM after_sales.orders AS o
    WHERE o.partition_id = $1 AND o.shop_id = $2 AND o.order_id = $3
), l AS (
    SELECT l.version, l.event_id, l.occurred_at, l.recorded_at, l.actor_role, l.actor_id, l.code,
           l.subject, l.after, l.params, l.clock
    FROM after_sales.operation_log AS l
    WHERE l.partition_id = $1 AND l.stream_id = $4
)
SELECT 0 AS kind, o.doc, NULL::text AS actor_role, NULL::text AS actor_id, NULL::text AS code,
       NULL::text AS subject, NULL::text AS after, NULL::jsonb AS params, NULL::text AS clock,
       NULL::smallint AS partition_id, NULL::bigint AS position, NULL::text AS stream_id,
       o.version, NULL::uuid AS event_id, NULL::text AS type, NULL::smallint AS schema_version,
       NULL::jsonb AS data, NULL::jsonb AS metadata, NULL::timestamptz AS occurred_at,
       NULL::timestamptz AS recorded_at
FROM o
UNION ALL
SELECT 1, NULL, l.actor_role, l.actor_id, l.code, l.subject, l.after, l.params, l.clock,
       NULL, NULL, NULL, l.version, l.event_id, NULL, NULL, NULL, NULL, l.occurred_at,
       l.recorded_at
FROM l
UNION ALL
SELECT 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       e.partition_id, e.position, e.stream_id, e.version, e.event_id, e.type, e.schema_version,
       e.data, e.metadata, e.occurred_at, e.recorded_at
FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id = $4
  AND e.version > least(coalesce((SELECT o.version FROM o), 0),
                        coalesce((SELECT max(l.version) FROM l), 0))
ORDER BY kind, version
"""

READ_STREAM_UNTIL = """
SELECT e.partition_id, e.position, e.stream_id, e.version, e.event_id, e.type, e.schema_version,
       e.data, e.metadata, e.occurred_at, e.recorded_at
FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id = $2 AND e.occurred_at <= $3
ORDER BY e.version
"""

_ORDER, _LOG, _TAIL = 0, 1, 2


class OrderWithLog(NamedTuple):
    """An order and its operation log, oldest line first."""

    order: OrderView
    log: list[LogEntry]

    @property
    def clock(self) -> ClockKind:
        """By whose time the order lives: all its events are of one clock."""
        return self.log[0].clock


async def fetch_order(
    database: Queryable, codec: Codec[OrderEvent], shop_id: str, order_id: str
) -> OrderView | None:
    """Return an order as its last event left it; None if there is none. One round trip."""
    key = (partition_of(shop_id), shop_id, order_id, order_stream(shop_id, order_id))
    rows = await database.fetch(FETCH_ORDER, *key)
    view = None
    if rows and rows[0]["doc"] is not None:
        view = ORDERS.view_of(rows[0]["doc"])
        rows = rows[1:]
    return fold_tail(view, _recorded(codec, rows))


async def fetch_order_with_log(
    database: Queryable, codec: Codec[OrderEvent], shop_id: str, order_id: str
) -> OrderWithLog | None:
    """Return an order and its log as its last committed event left them. One round trip."""
    key = (partition_of(shop_id), shop_id, order_id, order_stream(shop_id, order_id))
    rows = await database.fetch(FETCH_ORDER_WITH_LOG, *key)
    tail = _recorded(codec, [row for row in rows if row["kind"] == _TAIL])
    stored = [ORDERS.view_of(row["doc"]) for row in rows if row["kind"] == _ORDER]
    order = fold_tail(stored[0] if stored else None, tail)
    if order is None:
        return None
    lines = [log_entry_from_row(row) for row in rows if row["kind"] == _LOG]
    seen = lines[-1].version if lines else 0
    lines += [log_entry(recorded) for recorded in tail if recorded.version > seen]
    return OrderWithLog(order, linked(lines))


async def fetch_order_as_of(
    database: Queryable, codec: Codec[OrderEvent], shop_id: str, order_id: str, instant: datetime
) -> OrderWithLog | None:
    """Return an order and its log as they were at an instant, inclusive; None if not known then."""
    rows = await database.fetch(
        READ_STREAM_UNTIL, partition_of(shop_id), order_stream(shop_id, order_id), instant
    )
    history = _recorded(codec, rows)
    order = fold_tail(None, history)
    return None if order is None else OrderWithLog(order, log_entries(history))


def _recorded(
    codec: Codec[OrderEvent], rows: Sequence[asyncpg.Record]
) -> list[Recorded[OrderEvent]]:
    return [codec.recorded(stored_event(row)) for row in rows]
