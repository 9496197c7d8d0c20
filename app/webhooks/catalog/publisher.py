"""Public events of the log, with the state of their order right after each.

The state comes from the stream, folded up to the event's own version: a view may be ahead of the
event, and after a rebuild it always is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.domain import webhook_endpoints
from app.domain.funds.events import (
    DepositFellBelowRequired,
    DepositRestored,
    FundsEvent,
    MerchantFundsInsufficient,
    RestrictionLifted,
    ShopRestricted,
)
from app.domain.order.events import OrderEvent, TicketEvent
from app.domain.order.registration import FactEvent
from app.domain.order.tickets import TicketState
from app.event_store.connections import Connection
from app.event_store.log import read_beginnings
from app.event_store.recorded_event import Recorded
from app.event_store.streams import order_of_stream, shop_of_stream
from app.event_types.registry import ServiceEvent, order_codec
from app.projections.orders.fold import fold_order, fold_tail
from app.projections.orders.view import OrderView
from app.projections.projection import is_of_endpoint, is_of_funds, is_of_order
from app.reactions.public_types import EventType
from app.reactions.table import reaction_to
from app.webhooks.catalog import payloads
from app.webhooks.catalog.payload_mapping import shown_order, shown_ticket
from app.webhooks.catalog.public_event import PublicEvent, id_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """The type, data and subject of a public event."""

    type: EventType
    data: payloads.EventData
    order_id: str | None = None
    ticket_id: str | None = None


def of_order_event(
    event: OrderEvent, before: OrderView | None, after: OrderView
) -> tuple[Announcement, ...]:
    """Return the public events of an order's event, given the order before and after it."""
    order_id = after.facts.order_id
    public = reaction_to(event).public
    if not isinstance(event, TicketEvent):
        data = payloads.EntryEventData(order=shown_order(after))
        return () if public is None else (Announcement(type=public, data=data, order_id=order_id),)
    ticket = after.ticket(event.ticket_id)
    if ticket is None:
        return ()
    earlier = None if before is None else before.ticket(event.ticket_id)
    types = ticket_types(public, None if earlier is None else earlier.state, ticket.state)
    shown = payloads.TicketEventData(order=shown_order(after), ticket=shown_ticket(ticket))
    return tuple(
        Announcement(type=each, data=shown, order_id=order_id, ticket_id=ticket.ticket_id)
        for each in types
    )


def ticket_types(
    public: EventType | None, before: TicketState | None, after: TicketState
) -> tuple[EventType, ...]:
    """Return the public type of a ticket's event, then that of the new state, if it changed."""
    named = (public, _REACHED.get(after) if after is not before else None)
    return tuple(dict.fromkeys(each for each in named if each is not None))


_REACHED = {
    TicketState.REFUNDING: EventType.REFUND_REQUESTED,
    TicketState.SUCCEEDED: EventType.TICKET_SUCCEEDED,
    TicketState.COMPLETED: EventType.TICKET_COMPLETED,
    TicketState.CLOSED: EventType.TICKET_CLOSED,
}
"""States with a public type each; other changes are described by their event."""


def of_shop_event(
    event: FundsEvent | webhook_endpoints.WebhookEndpointEvent,
) -> tuple[Announcement, ...]:
    """Return the public event of a shop's funds or endpoint event, if it has one."""
    public = reaction_to(event).public
    return () if public is None else (_of_shop(public, event),)


def _of_shop(
    public: EventType, event: FundsEvent | webhook_endpoints.WebhookEndpointEvent
) -> Announcement:
    match event:
        case MerchantFundsInsufficient(order_id=order_id, ticket_id=ticket_id):
            data = payloads.FundsInsufficientData(
                refund_key=event.refund_key,
                order_id=order_id,
                ticket_id=ticket_id,
                amount=event.amount,
                cash_available=event.cash_available,
                deposit_available=event.deposit_available,
            )
            return Announcement(type=public, data=data, order_id=order_id, ticket_id=ticket_id)
        case DepositFellBelowRequired(level=level) | DepositRestored(level=level):
            deposit = payloads.DepositEventData(deposit=event.deposit, required=level)
            return Announcement(type=public, data=deposit)
        case ShopRestricted(arrears=arrears, limit=limit):
            restricted = payloads.RestrictionEventData(arrears=arrears, arrears_limit=limit)
            return Announcement(type=public, data=restricted)
        case RestrictionLifted(arrears=arrears):
            lifted = payloads.RestrictionEventData(arrears=arrears, arrears_limit=None)
            return Announcement(type=public, data=lifted)
        case webhook_endpoints.WebhookEndpointDisabled(reason=reason):
            return _of_endpoint(public, event, reason)
        case webhook_endpoints.WebhookEndpointEnabled():
            return _of_endpoint(public, event, None)
        case _:
            raise AssertionError(f"{type(event).__name__} is public and has no data")


def _of_endpoint(
    event_type: EventType,
    event: webhook_endpoints.WebhookEndpointEvent,
    reason: webhook_endpoints.DisabledReason | None,
) -> Announcement:
    data = payloads.WebhookEndpointEventData(
        endpoint_id=event.endpoint_id,
        url=event.url,
        disabled_reason=None if reason is None else reason.value,
    )
    return Announcement(type=event_type, data=data)


_ORDERS = order_codec()

_Stream = tuple[int, str]
"""Partition and stream id."""


async def public_events_of(
    connection: Connection, batch: Sequence[Recorded[ServiceEvent]]
) -> list[PublicEvent]:
    """Return the public events of a batch, in the batch's order.

    Reads each order's stream once, up to where the batch begins in it; no query if the batch has
    the stream from its first event on, or only facts of the order. Depends only on the log, not on
    views. Raises UndecodableEvent.
    """
    orders = await _orders_before(connection, batch)
    found: list[PublicEvent] = []
    for recorded in batch:
        stream = recorded.partition_id, recorded.stream_id
        if is_of_order(recorded) and stream in orders:
            before = orders[stream]
            orders[stream] = after = fold_order(before, recorded)
            if after is not None:  # None: the order was never registered
                shop_id, _ = order_of_stream(recorded.stream_id)
                announced = of_order_event(recorded.event, before, after)
                found += _public(recorded, shop_id, announced, after)
        elif is_of_funds(recorded) or is_of_endpoint(recorded):
            shop_id = shop_of_stream(recorded.stream_id)
            found += _public(recorded, shop_id, of_shop_event(recorded.event))
    return found


async def _orders_before(
    connection: Connection, batch: Sequence[Recorded[ServiceEvent]]
) -> dict[_Stream, OrderView | None]:
    """Return the orders that the batch's public events need, as of before the batch."""
    first: dict[_Stream, int] = {}
    wanted: dict[int, dict[str, int]] = {}
    for recorded in batch:
        if is_of_order(recorded):
            partition_id, stream_id = recorded.partition_id, recorded.stream_id
            version = first.setdefault((partition_id, stream_id), recorded.version)
            if not isinstance(recorded.event, FactEvent):
                wanted.setdefault(partition_id, {})[stream_id] = version - 1
    orders: dict[_Stream, OrderView | None] = {}
    for partition_id, up_to in wanted.items():
        orders.update({(partition_id, stream_id): None for stream_id in up_to})
        beginnings = read_beginnings(connection, _ORDERS, partition_id, up_to)
        async for stream_id, events in beginnings:
            orders[partition_id, stream_id] = fold_tail(None, events)
    return orders


def _public(
    recorded: Recorded[ServiceEvent],
    shop_id: str,
    announced: Iterable[Announcement],
    order: OrderView | None = None,
) -> list[PublicEvent]:
    return [
        PublicEvent(
            event_id=id_of(recorded.event_id, each.type),
            type=each.type,
            shop_id=shop_id,
            partition_id=recorded.partition_id,
            position=recorded.position,
            ordinal=ordinal,
            occurred_at=recorded.occurred_at,
            stream_id=recorded.stream_id,
            version=recorded.version,
            order_id=each.order_id,
            ticket_id=each.ticket_id,
            caused_by=recorded.metadata.actor.role.value,
            clock=recorded.metadata.clock,
            data=each.data,
            order=order,
        )
        for ordinal, each in enumerate(announced)
    ]
