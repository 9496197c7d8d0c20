"""Messages of events for recipients: made from the event alone, independent of language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID, uuid5

from pydantic import JsonValue

from app.domain.order.applications import TicketDueReminded
from app.domain.order.entries import AfterSalesEntryExpiring
from app.domain.order.events import TicketEvent
from app.event_store.recorded_event import Recorded, Role
from app.event_store.streams import order_of_stream, partition_of, shop_of_stream
from app.event_types.registry import ServiceEvent
from app.projections.projection import is_of_order
from app.projections.texts import filled
from app.reactions.reaction import Message, Params
from app.reactions.table import MESSAGES, reaction_to

RecipientKey: TypeAlias = tuple[int, str, str, str]
"""Partition, shop, role and id, with which the key of a recipient's rows begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A recipient of messages: a buyer within a shop, or the shop (``id`` is the shop's)."""

    shop_id: str
    role: Role
    id: str

    @property
    def key(self) -> RecipientKey:
        """The key of this recipient's rows."""
        return partition_of(self.shop_id), self.shop_id, self.role.value, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A message in an inbox.

    Its id follows from the event and the recipient's role, so it is the same after a rebuild.
    ``recipient_role`` is consumer or merchant; ``recipient_id`` the buyer or the shop. ``position``
    is the event's in its partition: an inbox is in this order and has at most one message of an
    event. ``order_id`` is None for messages about the shop's funds or endpoints. ``valid_until``:
    when the message becomes pointless, if ever.
    """

    notification_id: UUID
    position: int
    shop_id: str
    order_id: str | None
    recipient_role: Role
    recipient_id: str
    template: str
    params: Mapping[str, JsonValue]
    created_at: datetime
    valid_until: datetime | None

    @property
    def recipient(self) -> Recipient:
        """The recipient."""
        return Recipient(shop_id=self.shop_id, role=self.recipient_role, id=self.recipient_id)


def notifications_of(recorded: Recorded[ServiceEvent]) -> tuple[Notification, ...]:
    """Return the messages of an event: none, or one to either side or to both."""
    event = recorded.event
    addressed = reaction_to(event).notify(event)
    if not addressed:
        return ()
    shop_id, order_id = _about(recorded)
    recipients = {Role.MERCHANT: shop_id, Role.CONSUMER: getattr(event, "buyer_id", None)}
    common: Params = {} if order_id is None else {"order_id": order_id}
    if isinstance(event, TicketEvent):
        common["ticket_id"] = event.ticket_id
    return tuple(
        Notification(
            notification_id=uuid5(recorded.event_id, role.value),
            position=recorded.position,
            shop_id=shop_id,
            order_id=order_id,
            recipient_role=role,
            recipient_id=recipients[role] or shop_id,
            template=template,
            params={**common, **params},
            created_at=event.at,
            valid_until=_valid_until(event),
        )
        for role, template, params in addressed
    )


def _about(recorded: Recorded[ServiceEvent]) -> tuple[str, str | None]:
    """Return shop and order; no order for events of the shop's funds or endpoints."""
    if is_of_order(recorded):
        return order_of_stream(recorded.stream_id)
    return shop_of_stream(recorded.stream_id), None


def _valid_until(event: ServiceEvent) -> datetime | None:
    """Return when the event that a reminder announces is due; None for other messages."""
    match event:
        case AfterSalesEntryExpiring():
            return event.expires_at
        case TicketDueReminded():
            return event.due.at
        case _:
            return None


def render(template: str, params: Mapping[str, JsonValue]) -> Message:
    """Return the rendered message in all languages."""
    message = MESSAGES[template]
    return Message(title=filled(message.title, params), body=filled(message.body, params))
