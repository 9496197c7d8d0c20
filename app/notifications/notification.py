"""Who is told what about an event: made from the event alone, and free of any language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never
from uuid import UUID, uuid5

from pydantic import JsonValue

from app.domain.funds.events import FundsEvent
from app.domain.order.applications import TicketDueReminded
from app.domain.order.entries import (
    AfterSalesEntryExpired,
    AfterSalesEntryExpiring,
    AfterSalesEntryOpened,
    EntryEvent,
    EntryReopeningDeclined,
    EntryReopeningRequested,
)
from app.domain.order.events import TicketEvent
from app.domain.order.registration import FactEvent
from app.domain.webhook_endpoints import WebhookEndpointEvent
from app.event_store.recorded_event import Recorded, Role
from app.event_store.streams import order_of_stream, shop_of_stream
from app.event_types.registry import ServiceEvent
from app.notifications.endpoint_notifications import notifications_for_endpoint
from app.notifications.funds_notifications import notifications_for_funds
from app.notifications.recipient import Recipient
from app.notifications.templates import Template
from app.notifications.ticket_notifications import Told, notifications_for_ticket
from app.projections.texts import instant_text

Params = dict[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A message in somebody's inbox.

    Its id follows from the event and the recipient's role, so that making it again gives the same.
    ``recipient_role`` is consumer or merchant; ``recipient_id`` the buyer or the shop. ``position``
    is the event's in its partition: the order of an inbox, which holds one message of an event at
    most. ``order_id`` is None for what is about no order, but the shop's money or endpoints. After
    ``valid_until`` it is of no use to be told any more; None if there is no end.
    """

    notification_id: UUID
    position: int
    shop_id: str
    order_id: str | None
    recipient_role: Role
    recipient_id: str
    template: Template
    params: Mapping[str, JsonValue]
    created_at: datetime
    valid_until: datetime | None

    @property
    def recipient(self) -> Recipient:
        """Whose inbox it is in."""
        return Recipient(shop_id=self.shop_id, role=self.recipient_role, id=self.recipient_id)


def notifications_of(recorded: Recorded[ServiceEvent]) -> tuple[Notification, ...]:
    """Return what an event tells whom: nothing, one of the two sides, or both."""
    event = recorded.event
    if isinstance(event, FundsEvent):
        return _to_merchant(notifications_for_funds(event), event.at, recorded)
    if isinstance(event, WebhookEndpointEvent):
        return _to_merchant(notifications_for_endpoint(event), event.at, recorded)
    if isinstance(event, FactEvent):
        return ()
    shop_id, order_id = order_of_stream(recorded.stream_id)
    recipients = {Role.CONSUMER: event.buyer_id, Role.MERCHANT: shop_id}
    return tuple(
        Notification(
            notification_id=uuid5(recorded.event_id, role.value),
            position=recorded.position,
            shop_id=shop_id,
            order_id=order_id,
            recipient_role=role,
            recipient_id=recipients[role],
            template=template,
            params={"order_id": order_id, **params},
            created_at=event.at,
            valid_until=_valid_until(event),
        )
        for role, template, params in _told(event)
    )


def _to_merchant(
    told: tuple[Template, Params] | None, at: datetime, recorded: Recorded[ServiceEvent]
) -> tuple[Notification, ...]:
    """Tell the merchant of what is about the shop, and about no order."""
    if told is None:
        return ()
    template, params = told
    shop_id = shop_of_stream(recorded.stream_id)
    return (
        Notification(
            notification_id=uuid5(recorded.event_id, Role.MERCHANT.value),
            position=recorded.position,
            shop_id=shop_id,
            order_id=None,
            recipient_role=Role.MERCHANT,
            recipient_id=shop_id,
            template=template,
            params=params,
            created_at=at,
            valid_until=None,
        ),
    )


def _valid_until(event: EntryEvent | TicketEvent) -> datetime | None:
    """Return when a reminder is overtaken by what it reminds of; None for what stays worth saying.

    For reminders only: whatever else is told stays true.
    """
    match event:
        case AfterSalesEntryExpiring():
            return event.expires_at
        case TicketDueReminded():
            return event.due.at
        case _:
            return None


_CONSUMER, _MERCHANT = Role.CONSUMER, Role.MERCHANT


def _told(event: EntryEvent | TicketEvent) -> tuple[Told, ...]:
    if isinstance(event, EntryEvent):
        return (_told_of_entry(event),)
    return notifications_for_ticket(event)


def _told_of_entry(event: EntryEvent) -> Told:
    match event:
        case AfterSalesEntryOpened():
            params: Params = {"expires_at": instant_text(event.expires_at)}
            return _CONSUMER, Template.ENTRY_OPENED, params
        case AfterSalesEntryExpiring():
            params = {"expires_at": instant_text(event.expires_at)}
            return _CONSUMER, Template.ENTRY_EXPIRING, params
        case AfterSalesEntryExpired():
            return _CONSUMER, Template.ENTRY_EXPIRED, {"used": event.used}
        case EntryReopeningRequested():
            return _MERCHANT, Template.REOPENING_REQUESTED, {"note": event.note}
        case EntryReopeningDeclined():
            params = {"decline_reason": event.reason.value, "note": event.note}
            return _CONSUMER, Template.REOPENING_DECLINED, params
        case _:
            assert_never(event)
