"""The reader `assistant`: keeps buyers' pasts, and notes which applications are to be judged.

Both are written together, so that a worker that finds an application to be judged finds the whole
past before it too.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.assistant import HistoryKind, Past
from app.domain.order.answers import ApplicationRejected, AssistantNotified
from app.domain.order.applications import ApplicationModified, TicketCreated
from app.domain.order.arbitration import ArbitrationRuled
from app.domain.order.events import OrderEvent, TicketEvent
from app.domain.order.payouts import AdvancePayoutPaid
from app.domain.order.refunds import RefundSucceeded
from app.domain.order.returns import ReturnedGoodsRejected
from app.domain.order.tickets import Ruling, TicketState
from app.event_store.connections import Connection, Queryable
from app.event_store.recorded_event import Recorded
from app.event_store.streams import order_of_stream, partition_of
from app.processes.assistant.rule_sets import assistant_work, buyer_history
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


MODIFICATION = "modifications"
"""Of no rule's concern; the row says where in the log an application was modified."""

MADE_APPLICATION = (HistoryKind.APPLICATIONS.value, MODIFICATION)

# The newest by the order of the log, which is also what "before the application" means.
READ_PASTS = """
SELECT s.number, k.kind, h.at
FROM unnest($3::text[], $4::text[], $5::bigint[]) WITH ORDINALITY
    AS s(buyer_id, ticket_id, position, number)
CROSS JOIN unnest($6::text[], $7::integer[]) AS k(kind, rows_max)
CROSS JOIN LATERAL (
    SELECT h.at FROM after_sales.buyer_history AS h
    WHERE h.partition_id = $1 AND h.shop_id = $2 AND h.buyer_id = s.buyer_id AND h.kind = k.kind
      AND h.position < s.position AND (h.kind <> 'applications' OR h.ticket_id <> s.ticket_id)
    ORDER BY h.position DESC
    LIMIT k.rows_max
) AS h
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose past is asked for: the buyer's, before the position of an application of a ticket."""

    buyer_id: str
    ticket_id: str
    position: int


def history_kind(event: OrderEvent) -> str | None:
    """Return as what an event enters a buyer's past; None if it does not."""
    match event:
        case TicketCreated():
            return HistoryKind.APPLICATIONS.value
        case ApplicationModified():
            return MODIFICATION
        case RefundSucceeded() | AdvancePayoutPaid():
            return HistoryKind.REFUNDS_SUCCEEDED.value
        case ApplicationRejected() | ReturnedGoodsRejected():
            return HistoryKind.REJECTIONS.value
        case ArbitrationRuled(ruling=Ruling.FOR_MERCHANT):
            return HistoryKind.ARBITRATIONS_LOST.value
        case _:
            return None


async def read_pasts(
    database: Queryable,
    shop_id: str,
    subjects: Sequence[Subject],
    needed: Mapping[HistoryKind, int],
) -> list[Past]:
    """Return the past of each subject: of each kind needed the newest, as many as needed."""
    pasts: list[dict[HistoryKind, list[datetime]]] = [defaultdict(list) for _ in subjects]
    if not subjects or not needed:
        return list(pasts)
    rows = await database.fetch(
        READ_PASTS,
        *(partition_of(shop_id), shop_id),
        [subject.buyer_id for subject in subjects],
        [subject.ticket_id for subject in subjects],
        [subject.position for subject in subjects],
        list(needed.keys()),
        list(needed.values()),
    )
    for row in rows:
        pasts[row["number"] - 1][HistoryKind(row["kind"])].append(row["at"])
    for past in pasts:
        for times in past.values():
            times.sort(reverse=True)  # in the log a clock may have gone back by a little
    return list(pasts)
