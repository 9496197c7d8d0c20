"""The reader `assistant`: keeps buyers' pasts, and notes which applications are to be judged.

Both are written together, so that whoever finds an application to be judged finds the whole past
before it too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.domain.order.answers import AssistantNotified
from app.domain.order.applications import ApplicationModified, TicketCreated
from app.domain.order.events import OrderEvent, TicketEvent
from app.domain.order.tickets import TicketState
from app.event_store.connections import Connection
from app.event_store.recorded_event import Recorded
from app.event_store.streams import order_of_stream
from app.processes.assistant.buyer_history import history_kind
from app.projections.columns import columns_of

INSERT_HISTORY = """
INSERT INTO after_sales.buyer_history
    (partition_id, position, shop_id, ticket_id, buyer_id, kind, at)
SELECT r.partition_id, r.position, r.shop_id, r.ticket_id, r.buyer_id, r.kind, r.at
FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[],
            $7::timestamptz[])
    AS r(partition_id, position, shop_id, ticket_id, buyer_id, kind, at)
"""

# The partitions are named twice so that Citus sends a batch of one partition to its node.
FIND_SHOPS_WITH_RULES = """
SELECT s.partition_id, s.shop_id
FROM unnest($1::smallint[], $2::text[]) AS s(partition_id, shop_id)
CROSS JOIN LATERAL (
    SELECT r.any_enabled FROM after_sales.assistant_rules AS r
    WHERE r.partition_id = s.partition_id AND r.shop_id = s.shop_id
      AND r.partition_id = ANY ($1::smallint[])
    ORDER BY r.version DESC
    LIMIT 1
) AS r
WHERE r.any_enabled
"""

UPSERT_WORK = """
INSERT INTO after_sales.assistant_work
    (partition_id, stream_id, ticket_id, ticket_version, position)
SELECT r.partition_id, r.stream_id, r.ticket_id, r.ticket_version, r.position
FROM unnest($1::smallint[], $2::text[], $3::text[], $4::integer[], $5::bigint[])
    AS r(partition_id, stream_id, ticket_id, ticket_version, position)
ON CONFLICT (partition_id, stream_id, ticket_id) DO UPDATE SET
    ticket_version = excluded.ticket_version, position = excluded.position, claimed_until = NULL
"""

# One statement a row, sent together: Citus refuses to delete by joining with an array.
DELETE_WORK = """
DELETE FROM after_sales.assistant_work AS w
WHERE w.partition_id = $1 AND w.stream_id = $2 AND w.ticket_id = $3
"""

CLEAR_HISTORY = "DELETE FROM after_sales.buyer_history WHERE partition_id = $1"
CLEAR_WORK = "DELETE FROM after_sales.assistant_work WHERE partition_id = $1"

Key = tuple[int, str, str]
"""Partition, stream, ticket."""


@dataclass(slots=True)
class _Changes:
    """What a batch comes to. ``to_judge``: version and position; None for judged or decided."""

    history: list[tuple[object, ...]] = field(default_factory=list)
    to_judge: dict[Key, tuple[int, int] | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AssistantReader:
    """Keeps what the assistant judges by, and what it has to judge: four statements a batch."""

    name: str = "assistant"

    async def clear(self, connection: Connection, partition_id: int) -> None:
        """Forget a partition's rows; what is still pending is judged anew, harmlessly."""
        await connection.execute(CLEAR_HISTORY, partition_id)
        await connection.execute(CLEAR_WORK, partition_id)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[OrderEvent]]) -> None:
        """Add to buyers' pasts, and to what is to be judged in shops that have rules."""
        changes = _changes(batch)
        if changes.history:
            await connection.execute(INSERT_HISTORY, *columns_of(changes.history))
        done = [key for key, work in changes.to_judge.items() if work is None]
        if done:
            await connection.executemany(DELETE_WORK, done)
        work = [(*key, *one) for key, one in changes.to_judge.items() if one is not None]
        concerned = await _in_shops_with_rules(connection, work)
        if concerned:
            await connection.execute(UPSERT_WORK, *columns_of(concerned))


def _changes(batch: Sequence[Recorded[OrderEvent]]) -> _Changes:
    changes = _Changes()
    for recorded in batch:
        event = recorded.event
        if not isinstance(event, TicketEvent):
            continue
        key = recorded.partition_id, recorded.stream_id, event.ticket_id
        kind = history_kind(event)
        if kind is not None:
            changes.history.append(_history_row(recorded, event, kind))
        if isinstance(event, TicketCreated | ApplicationModified):
            changes.to_judge[key] = recorded.version, recorded.position
        elif event.state is not TicketState.PENDING_MERCHANT or isinstance(
            event, AssistantNotified
        ):
            changes.to_judge[key] = None
    return changes


def _history_row(
    recorded: Recorded[OrderEvent], event: TicketEvent, kind: str
) -> tuple[object, ...]:
    shop_id, _ = order_of_stream(recorded.stream_id)
    place = recorded.partition_id, recorded.position
    return (*place, shop_id, event.ticket_id, event.buyer_id, kind, event.at)


async def _in_shops_with_rules(
    connection: Connection, work: Sequence[tuple[int, str, str, int, int]]
) -> list[tuple[int, str, str, int, int]]:
    """Leave out what no rule could match: most shops have none."""
    if not work:
        return []
    shop_of = {stream_id: order_of_stream(stream_id)[0] for _, stream_id, *_ in work}
    shops = {(partition_id, shop_of[stream_id]) for partition_id, stream_id, *_ in work}
    rows = await connection.fetch(FIND_SHOPS_WITH_RULES, *columns_of(shops))
    with_rules = {row["shop_id"] for row in rows}
    return [one for one in work if shop_of[one[1]] in with_rules]
