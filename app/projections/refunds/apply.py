"""The reader `refunds`, which follows orders and shops' money.

A refund begins with the decision that grants it, gets its money from its shop, and its end from
both: the provider's answer is recorded on the order, the booking in the shop's money.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.domain.funds.events import FundingReversed, FundsEvent
from app.domain.order.events import OrderEvent, TicketChange
from app.domain.order.evolve import fold
from app.domain.order.payouts import PayoutChange
from app.domain.order.refunds import RefundChange
from app.domain.order.state import Order, Unregistered
from app.domain.order.tickets import TicketState
from app.event_store.codec import Codec
from app.event_store.connections import Connection
from app.event_store.log import stored_event
from app.event_store.recorded_event import Recorded
from app.event_store.streams import order_of_stream, shop_of_funds_stream
from app.event_types.registry import ServiceEvent, order_codec
from app.projections.projection import is_of_funds, is_of_order
from app.projections.refunds.fold import (
    collected,
    fold_funds_event,
    fold_order_event,
    raises_deposit,
    refund_granted,
    refund_in,
    refund_key_in,
)
from app.projections.refunds.table import REFUNDS, SELECT_OWED, columns_of_refund, refunds
from app.projections.refunds.view import ShopRefund
from app.projections.rows import Key, Rebuildable, columns_of

# The partitions are named twice so that Citus sends a batch of one partition to its node.
SELECT_HISTORIES = """
SELECT k.number, e.partition_id, e.position, e.stream_id, e.version, e.event_id, e.type,
       e.schema_version, e.data, e.metadata, e.occurred_at, e.recorded_at
FROM unnest($1::smallint[], $2::text[], $3::integer[]) WITH ORDINALITY
    AS k(partition_id, stream_id, version, number)
JOIN after_sales.events AS e
    ON e.partition_id = k.partition_id AND e.stream_id = k.stream_id AND e.version <= k.version
WHERE e.partition_id = ANY ($1::smallint[])
ORDER BY k.number, e.version
"""

Grant = tuple[int, str, int]
"""Partition, stream and version of the event that began a refund."""


@dataclass(slots=True)
class _Batch:
    """The refunds a batch is about, as far as it has been followed, and which have changed."""

    refunds: dict[Key, ShopRefund]
    orders: dict[Grant, Order]
    changed: set[Key] = field(default_factory=set)

    def put(self, key: Key, refund: ShopRefund) -> None:
        """Keep a refund as it is now."""
        if self.refunds.get(key) != refund:
            self.refunds[key] = refund
            self.changed.add(key)


@dataclass(frozen=True, slots=True)
class RefundsReader(Rebuildable):
    """Keeps a row a refund: at most three queries and one statement a batch."""

    name = "refunds"
    tables = (refunds,)
    orders: Codec[OrderEvent] = field(default_factory=order_codec)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[ServiceEvent]]) -> None:
        """Bring the refunds a batch is about up to date."""
        stored = await REFUNDS.fetch(connection, {key for one in batch if (key := _key_of(one))})
        stored |= await _owing(connection, batch)
        orders = await self._orders(connection, _grants(batch, stored))
        work = _Batch(refunds=stored, orders=orders)
        for recorded in batch:
            if is_of_order(recorded):
                _follow_order(work, recorded)
            elif is_of_funds(recorded):
                _follow_funds(work, recorded)
        changed = [(key, work.refunds[key]) for key in sorted(work.changed)]
        await REFUNDS.store(
            connection, [(key, refund, columns_of_refund(refund)) for key, refund in changed]
        )

    async def _orders(self, connection: Connection, grants: list[Grant]) -> dict[Grant, Order]:
        """Return the orders as the events that granted refunds left them."""
        if not grants:
            return {}
        rows = await connection.fetch(SELECT_HISTORIES, *columns_of(grants))
        histories: dict[Grant, list[OrderEvent]] = {grant: [] for grant in grants}
        for row in rows:
            event = self.orders.recorded(stored_event(row)).event
            histories[grants[row["number"] - 1]].append(event)
        folded = {grant: fold(Unregistered(), events) for grant, events in histories.items()}
        return {grant: order for grant, order in folded.items() if isinstance(order, Order)}


def _key_of(recorded: Recorded[ServiceEvent]) -> Key | None:
    """Return the refund an event may be about."""
    if is_of_order(recorded):
        event = recorded.event
        if isinstance(event, TicketChange) and _is_of_refund(event):
            shop_id, _ = order_of_stream(recorded.stream_id)
            return recorded.partition_id, shop_id, event.ticket_id
    if is_of_funds(recorded):
        return _key_of_funds(recorded)
    return None


def _key_of_funds(recorded: Recorded[FundsEvent]) -> Key | None:
    about = refund_in(recorded.event)
    if about is None:
        return None
    shop_id = shop_of_funds_stream(recorded.stream_id)
    return recorded.partition_id, shop_id, refund_key_in(about).removeprefix(f"{shop_id}/")


def _is_of_refund(event: TicketChange) -> bool:
    return event.state is TicketState.REFUNDING or isinstance(event, RefundChange | PayoutChange)


def _grants(batch: Sequence[Recorded[ServiceEvent]], stored: dict[Key, ShopRefund]) -> list[Grant]:
    """Return the events of a batch that begin refunds."""
    found: dict[Key, Grant] = {}
    for recorded in batch:
        key = _key_of(recorded)
        if key is not None and key not in stored and is_of_order(recorded):
            found.setdefault(key, _grant(recorded))
    return list(found.values())


def _grant(recorded: Recorded[OrderEvent]) -> Grant:
    return recorded.partition_id, recorded.stream_id, recorded.version


def _follow_order(work: _Batch, recorded: Recorded[OrderEvent]) -> None:
    key, event = _key_of(recorded), recorded.event
    if key is None or not isinstance(event, TicketChange):
        return
    refund = work.refunds.get(key)
    order = work.orders.get(_grant(recorded))
    if refund is None and order is not None:
        refund = refund_granted(order, event, recorded.version)
    if refund is not None:
        work.put(key, fold_order_event(refund, event, recorded))


def _follow_funds(work: _Batch, recorded: Recorded[FundsEvent]) -> None:
    _collect(work, recorded)
    key, about = _key_of_funds(recorded), refund_in(recorded.event)
    refund = None if key is None else work.refunds.get(key)
    if key is not None and refund is not None and about is not None:
        work.put(key, fold_funds_event(refund, about, recorded))


def _collect(work: _Batch, recorded: Recorded[FundsEvent]) -> None:
    """Let what raises a shop's deposit pay back what it owes."""
    event = recorded.event
    amount = raises_deposit(event)
    if amount == 0:
        return
    shop = recorded.partition_id, shop_of_funds_stream(recorded.stream_id)
    owing = [one for key, one in work.refunds.items() if key[:2] == shop and one.owed]
    given_back = refund_key_in(event) if isinstance(event, FundingReversed) else None
    for refund in collected(owing, amount, event.at, given_back=given_back):
        work.put((*shop, refund.ticket_id), refund)


async def _owing(
    connection: Connection, batch: Sequence[Recorded[ServiceEvent]]
) -> dict[Key, ShopRefund]:
    """Return the refunds not paid back yet of shops whose deposit a batch raises."""
    shops = {
        (recorded.partition_id, shop_of_funds_stream(recorded.stream_id))
        for recorded in batch
        if is_of_funds(recorded) and raises_deposit(recorded.event)
    }
    if not shops:
        return {}
    rows = await connection.fetch(SELECT_OWED, *columns_of(shops))
    return {(row[0], row[1], row[2]): REFUNDS.view_of(row["doc"]) for row in rows}
