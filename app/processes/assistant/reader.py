"""The reader `assistant`: keeps buyers' pasts, and notes which applications are to be judged.

Both are written together, so that a worker that finds an application to be judged finds the whole
past before it too.
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
from app.processes.assistant.tables import assistant_work, buyer_history
from app.projections.rows import Rebuildable, columns_of, copy_rows, upsert_of

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

UPSERT_WORK = upsert_of(
    assistant_work,
    *("partition_id", "stream_id", "ticket_id", "ticket_version", "position"),
    also="claimed_until = NULL, claim = NULL",
)

# One statement a row, sent together: Citus refuses to delete by joining with an array.
DELETE_WORK = """
DELETE FROM after_sales.assistant_work AS w
WHERE w.partition_id = $1 AND w.stream_id = $2 AND w.ticket_id = $3
"""

Key = tuple[int, str, str]
"""Partition, stream, ticket."""


@dataclass(slots=True)
class _Changes:
    """What a batch comes to. ``to_judge``: version and position; None for judged or decided."""

    history: list[tuple[object, ...]] = field(default_factory=list)
    to_judge: dict[Key, tuple[int, int] | None] = field(default_factory=dict)


class AssistantReader(Rebuildable):
    """Keeps what the assistant judges by, and what it has to judge: four statements a batch.

    After a rebuild what is still pending is judged again, which changes nothing.
    """

    name = "assistant"
    tables = (buyer_history, assistant_work)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[OrderEvent]]) -> None:
        """Add to buyers' pasts, and to what is to be judged in shops that have rules."""
        changes = _changes(batch)
        await copy_rows(connection, buyer_history, changes.history)
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
