"""The in-site inbox (站内信) of a consumer or a merchant."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Response
from pydantic import ConfigDict

from app.api.cursors import position_cursor_of, position_of
from app.api.idempotency import answered_once, asked_of
from app.api.language import Language, in_language
from app.api.problems.problem import ProblemError
from app.api.request_context import IdempotencyKeyHeader, RequestContext, ShopId
from app.api.resources import examples
from app.api.resources.common import InOneLanguage, Position, RequestModel, ResponseModel, Version
from app.api.resources.orders import PageQuery
from app.command_handling.requests import Answer
from app.event_store.connections import Connection
from app.notifications.inbox import read_one, read_through
from app.notifications.inbox_queries import (
    InboxMessage,
    Unread,
    count_unread,
    fetch_message,
    list_inbox,
)
from app.notifications.notification import Recipient, render
from app.notifications.push.states import PushedTo, find_push_states


class InSiteState(ResponseModel):
    """How far a message has come in the site."""

    state: str
    """`sent` or `read`."""
    read_at: datetime | None


class PushChannelState(ResponseModel):
    """How far a message has come on its recipient's devices; of several, where it went best."""

    state: str
    """`queued`, `sent` (the provider took it), `failed`, `expired` (overtaken by what it reminds
    of) or `skipped`; more may come."""
    reason: str | None
    """Why it was not sent: `token_no_longer_valid`, `refused_by_provider`, `attempts_exhausted`,
    `no_longer_valid`, `switched_off`, `device_removed`; more may come."""
    send_after: datetime | None
    """Of a queued one that waits for the end of quiet hours, or for its next attempt."""
    settled_at: datetime | None
    """When it was sent, or given up."""
    devices: int


class NotificationChannels(ResponseModel):
    """How far a message has come in each channel."""

    in_site: InSiteState
    push: PushChannelState | None
    """Null if its recipient had no device when it arrived."""


class Notification(InOneLanguage):
    """A message in the language asked for."""

    notification_id: str
    position: Version
    """Where the message stands in the order of the inbox; higher is newer."""
    shop_id: str
    order_id: str | None
    """Null for what is about no order, but about the shop's money."""
    template: str
    """Stable name of what the message is about; more may come."""
    title: str
    body: str
    facts: dict[str, Any]
    """What the message says, by stable names: ids, codes, instants."""
    created_at: datetime
    valid_until: datetime | None
    """When a reminder is overtaken by what it reminds of; null for all other messages."""
    channels: NotificationChannels


class NotificationPage(InOneLanguage):
    """A page of messages, newest first."""

    notifications: list[Notification]
    next_cursor: str | None
    """Pass as `cursor` for the next page; null on the last one."""
    current_to: Version
    """The position in the shop's partition of the log this list is current to.

    What arrives later has a higher position: pass it as `up_to` to mark as read what was listed
    and nothing else, or as `Last-Event-ID` to go on with the live stream.
    """


class ReadNotificationsBody(RequestModel):
    """Up to where the inbox was read."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.READ_NOTIFICATIONS]})

    up_to: Position
    """`current_to` of a list, or `position` of a message. What came after it stays unread."""


class UnreadCount(ResponseModel):
    """How many messages are unread."""

    unread: int
    """At most 999."""
    more: bool
    """Whether there may be more than were counted."""
    current_to: Version
    """The position in the shop's partition of the log this count is current to."""


def notification_on_wire(
    message: InboxMessage, pushed: PushedTo | None, language: Language
) -> Notification:
    """Show a message in one language."""
    stored = message.notification
    words = render(stored.template, stored.params)
    return Notification(
        notification_id=str(stored.notification_id),
        position=stored.position,
        shop_id=stored.shop_id,
        order_id=stored.order_id,
        template=stored.template,
        title=in_language(words.title, language),
        body=in_language(words.body, language),
        facts=dict(stored.params),
        created_at=stored.created_at,
        valid_until=stored.valid_until,
        channels=NotificationChannels(
            in_site=InSiteState(
                state="sent" if message.read_at is None else "read", read_at=message.read_at
            ),
            push=None if pushed is None else _push_on_wire(pushed),
        ),
    )


def _push_on_wire(pushed: PushedTo) -> PushChannelState:
    return PushChannelState(
        state=pushed.state.value,
        reason=None if pushed.reason is None else pushed.reason.value,
        send_after=pushed.send_after,
        settled_at=pushed.settled_at,
        devices=pushed.devices,
    )


def unread_on_wire(unread: Unread) -> UnreadCount:
    """Show a count."""
    return UnreadCount(unread=unread.count, more=unread.more, current_to=unread.current_to)


NotificationId = Annotated[UUID, Path(description="The message.")]


class InboxQuery(PageQuery):
    """Which messages to list."""

    unread_only: bool = False
    """True: leave out what was read."""


def recipient_of(call: RequestContext, shop_id: str) -> Recipient:
    """Return whose inbox a caller reads: a consumer their own in a shop, a merchant the shop's."""
    role = call.caller.actor.role
    return Recipient(shop_id=shop_id, role=role, id=call.caller.buyer_id or shop_id)


async def shown(
    call: RequestContext, messages: Sequence[InboxMessage], connection: Connection | None = None
) -> list[Notification]:
    """Show messages of one shop as the caller is to see them."""
    if not messages:
        return []
    ids = [message.notification.notification_id for message in messages]
    shop_id = messages[0].notification.shop_id
    pushed = await find_push_states(connection or call.services.resources.pool, shop_id, ids)
    return [
        notification_on_wire(message, pushed.get(notification_id), call.language)
        for message, notification_id in zip(messages, ids, strict=True)
    ]


async def get_notifications(
    shop_id: ShopId, query: Annotated[InboxQuery, Query()], call: RequestContext
) -> Response:
    """List the messages of the consumer in this shop, or those of the shop, newest first."""
    page = await list_inbox(
        call.services.resources.pool,
        recipient_of(call, shop_id),
        unread_only=query.unread_only,
        before=position_of(query.cursor),
        limit=query.limit,
    )
    return call.json(
        NotificationPage(
            notifications=await shown(call, page.messages),
            next_cursor=position_cursor_of(page.next),
            current_to=page.current_to,
        )
    )


async def get_unread_count(shop_id: ShopId, call: RequestContext) -> Response:
    """Count what is unread, up to 999: cheap enough to ask for with every page shown."""
    pool, recipient = call.services.resources.pool, recipient_of(call, shop_id)
    return call.json(unread_on_wire(await count_unread(pool, recipient)))


async def read_notifications(
    shop_id: ShopId,
    body: ReadNotificationsBody,
    call: RequestContext,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Mark as read what was listed, and answer with what is still unread.

    Whatever arrived after `up_to` stays unread. Doing it again changes nothing.
    """
    recipient = recipient_of(call, shop_id)
    now = await call.services.shop_clocks.now(shop_id)

    async def read(connection: Connection) -> Answer:
        await read_through(connection, recipient, body.up_to, now)
        return call.answer(unread_on_wire(await count_unread(connection, recipient)))

    return await answered_once(await asked_of(call, idempotency_key, shop_id), read)


async def read_notification(
    shop_id: ShopId,
    notification_id: NotificationId,
    call: RequestContext,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Mark one message as read. The instant it was first read at stays, however often asked."""
    recipient = recipient_of(call, shop_id)
    now = await call.services.shop_clocks.now(shop_id)

    async def read(connection: Connection) -> Answer:
        message = await fetch_message(connection, recipient, notification_id)
        if message is None:
            raise ProblemError("notification_not_found")
        if message.read_at is None:
            position = message.notification.position
            message = replace(message, read_at=await read_one(connection, recipient, position, now))
        (notification,) = await shown(call, [message], connection)
        return call.answer(notification)

    return await answered_once(await asked_of(call, idempotency_key, shop_id), read)
