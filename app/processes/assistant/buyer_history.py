"""What is known of a buyer's past in a shop, up to any application there."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.assistant import HistoryKind, Past
from app.domain.order.answers import ApplicationRejected
from app.domain.order.applications import ApplicationModified, TicketCreated
from app.domain.order.arbitration import ArbitrationRuled
from app.domain.order.events import OrderEvent
from app.domain.order.payouts import AdvancePayoutPaid
from app.domain.order.refunds import RefundSucceeded
from app.domain.order.returns import ReturnedGoodsRejected
from app.domain.order.tickets import Ruling
from app.event_store.connections import Queryable
from app.event_store.partitions import partition_of

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
