"""One refund, as fresh as its last event; and how often the provider was asked about it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.order.events import OrderEvent, TicketChange
from app.domain.order.evolve import evolve
from app.domain.order.state import Order, OrderState, Unregistered
from app.event_store.codec import Codec
from app.event_store.connections import Queryable
from app.event_store.log import stored_event
from app.event_store.recorded_event import Recorded
from app.event_store.streams import funds_stream, order_stream, partition_of
from app.event_types.registry import ServiceEvent
from app.projections.projection import is_of_funds, is_of_order
from app.projections.refunds.apply import RefundsReader
from app.projections.refunds.fold import (
    fold_funds_event,
    fold_order_event,
    refund_granted,
    refund_in,
    refund_key_in,
)
from app.projections.refunds.table import REFUNDS
from app.projections.refunds.view import ShopRefund
from app.projections.tickets.list import order_id_of

FUNDS_TAIL_POSITIONS = 2_000
"""How far beyond the reader the shop's money is looked at: a stream too long to be read whole."""

# The order's events since the row, or all of them if there is none; of the shop's money, whose
# stream is long, those the reader has not come to, as far as it is not far behind.
FETCH_REFUND = """
WITH r AS (
    SELECT r.doc, (r.doc->>'order_version')::integer AS version FROM after_sales.refunds AS r
    WHERE r.partition_id = $1 AND r.shop_id = $2 AND r.ticket_id = $3
), c AS (
    SELECT c.position FROM after_sales.checkpoints AS c
    WHERE c.partition_id = $1 AND c.reader = $6
)
SELECT r.doc, NULL::smallint AS partition_id, 0::bigint AS position, NULL::text AS stream_id,
       NULL::integer AS version, NULL::uuid AS event_id, NULL::text AS type,
       NULL::smallint AS schema_version, NULL::jsonb AS data, NULL::jsonb AS metadata,
       NULL::timestamptz AS occurred_at, NULL::timestamptz AS recorded_at
FROM r
UNION ALL
SELECT NULL, e.partition_id, e.position, e.stream_id, e.version, e.event_id, e.type,
       e.schema_version, e.data, e.metadata, e.occurred_at, e.recorded_at
FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id = $4
  AND e.version > coalesce((SELECT r.version FROM r), 0)
UNION ALL
SELECT NULL, e.partition_id, e.position, e.stream_id, e.version, e.event_id, e.type,
       e.schema_version, e.data, e.metadata, e.occurred_at, e.recorded_at
FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id = $5
  AND e.position > coalesce((SELECT c.position FROM c), 0)
  AND e.position <= coalesce((SELECT c.position FROM c), 0) + $7
ORDER BY position
"""

FETCH_ASKED = """
SELECT w.refund_key, w.asked, w.due_at, w.waits_for
FROM after_sales.refund_work AS w
WHERE w.partition_id = $1 AND w.refund_key = ANY ($2::text[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How often the provider was asked, when it is next, and what came of it the last time.

    ``next_at`` is None before the first request.
    """

    times: int
    next_at: datetime | None
    last_answer: str | None


async def fetch_refund(
    database: Queryable, codec: Codec[ServiceEvent], shop_id: str, ticket_id: str
) -> ShopRefund | None:
    """Return a refund as its last event left it; None if none was granted. One round trip.

    What a shop owes for it is as the reader has it: a top-up just made is not looked at.
    """
    rows = await database.fetch(
        FETCH_REFUND,
        partition_of(shop_id),
        shop_id,
        ticket_id,
        order_stream(shop_id, order_id_of(ticket_id)),
        funds_stream(shop_id),
        RefundsReader.name,
        FUNDS_TAIL_POSITIONS,
    )
    refund = None
    if rows and rows[0]["doc"] is not None:
        refund = REFUNDS.view_of(rows[0]["doc"])
        rows = rows[1:]
    return _folded(refund, [codec.recorded(stored_event(row)) for row in rows], ticket_id)


async def fetch_asked(
    database: Queryable, shop_id: str, refunds: Sequence[ShopRefund]
) -> dict[str, Asked]:
    """Return what is known of asking for a shop's refunds that are on their way, by their keys."""
    return await _fetch_asked(database, partition_of(shop_id), refunds)


async def fetch_asked_anywhere(
    database: Queryable, refunds: Sequence[ShopRefund]
) -> dict[str, Asked]:
    """Return the same for refunds of several shops: a round trip for each of their partitions."""
    found: dict[str, Asked] = {}
    of_partition: defaultdict[int, list[ShopRefund]] = defaultdict(list)
    for refund in refunds:
        of_partition[partition_of(refund.shop_id)].append(refund)
    for partition_id, own in of_partition.items():
        found |= await _fetch_asked(database, partition_id, own)
    return found


async def _fetch_asked(
    database: Queryable, partition_id: int, refunds: Sequence[ShopRefund]
) -> dict[str, Asked]:
    keys = {one.asked_key: one.refund_key for one in refunds if one.waiting is not None}
    if not keys:
        return {}
    rows = await database.fetch(FETCH_ASKED, partition_id, list(keys))
    return {
        keys[row["refund_key"]]: Asked(
            times=row["asked"],
            next_at=row["due_at"] if row["asked"] else None,
            last_answer=row["waits_for"],
        )
        for row in rows
    }


def _folded(
    refund: ShopRefund | None, tail: Sequence[Recorded[ServiceEvent]], ticket_id: str
) -> ShopRefund | None:
    state: OrderState = Unregistered()
    for recorded in tail:
        if is_of_order(recorded):
            # Without a row the tail is the order's whole history.
            state = evolve(state, recorded.event)
            refund = _after(refund, recorded, state, ticket_id)
        elif is_of_funds(recorded):
            about = refund_in(recorded.event)
            if about is not None and refund and refund_key_in(about) == refund.refund_key:
                refund = fold_funds_event(refund, about, recorded)
    return refund


def _after(
    refund: ShopRefund | None, recorded: Recorded[OrderEvent], order: OrderState, ticket_id: str
) -> ShopRefund | None:
    event = recorded.event
    if not isinstance(event, TicketChange) or event.ticket_id != ticket_id:
        return refund
    if refund is None:
        if not isinstance(order, Order):
            return None
        return refund_granted(order, event, recorded.version)
    return fold_order_event(refund, event, recorded)
