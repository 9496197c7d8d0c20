"""The in-site inbox (站内信) of a consumer or a merchant."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response

from app.access.scopes import Scope
from app.api.cursors import position_cursor_of, position_of
from app.api.idempotency import answered_once, asked_of
from app.api.problems.problem import ProblemError
from app.api.problems.problem_responses import WITH_BODY, problems
from app.api.request_context import IdempotencyKeyHeader, RequestContext, ShopId, allow
from app.api.routes.lists import PageQuery
from app.api.strict_request import StrictRoute
from app.api.wire.notifications import (
    Notification,
    NotificationPage,
    ReadNotificationsBody,
    UnreadCount,
    notification_on_wire,
    unread_on_wire,
)
from app.command_handling.requests import Answer
from app.event_store.connections import Connection
from app.event_store.recorded_event import Role
from app.notifications.inbox_queries import (
    InboxMessage,
    count_unread,
    fetch_message,
    list_inbox,
)
from app.notifications.push.states import find_push_states
from app.notifications.reading import read_one, read_through
from app.notifications.recipient import Recipient

router = APIRouter(route_class=StrictRoute, tags=["notifications"])

InboxReader = Annotated[
    RequestContext, allow(Scope.NOTIFICATIONS_READ, Role.MERCHANT, Role.CONSUMER)
]
InboxOwner = Annotated[
    RequestContext, allow(Scope.NOTIFICATIONS_WRITE, Role.MERCHANT, Role.CONSUMER)
]
NotificationId = Annotated[UUID, Path(description="The message.")]

INBOX = "/v1/shops/{shop_id}/notifications"


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


@router.get(
    INBOX,
    name="list_notifications",
    summary="Read the in-site inbox",
    response_model=NotificationPage,
    responses=problems("cursor_invalid"),
)
async def get_notifications(
    shop_id: ShopId, query: Annotated[InboxQuery, Query()], call: InboxReader
) -> Response:
    """List what the consumer was told in this shop, or what the shop was told, newest first."""
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


@router.get(
    f"{INBOX}/unread-count",
    name="count_unread_notifications",
    summary="How many messages are unread",
    response_model=UnreadCount,
    responses=problems(),
)
async def get_unread_count(shop_id: ShopId, call: InboxReader) -> Response:
    """Count what is unread, up to 999: cheap enough to ask for with every page shown."""
    pool, recipient = call.services.resources.pool, recipient_of(call, shop_id)
    return call.json(unread_on_wire(await count_unread(pool, recipient)))


@router.post(
    f"{INBOX}/read",
    name="read_notifications",
    summary="Mark all messages up to a position as read",
    response_model=UnreadCount,
    responses=problems(*WITH_BODY, "idempotency_key_reused"),
)
async def read_notifications(
    shop_id: ShopId,
    body: ReadNotificationsBody,
    call: InboxOwner,
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


@router.post(
    f"{INBOX}/{{notification_id}}/read",
    name="read_notification",
    summary="Mark one message as read",
    response_model=Notification,
    responses=problems("notification_not_found", "idempotency_key_reused"),
)
async def read_notification(
    shop_id: ShopId,
    notification_id: NotificationId,
    call: InboxOwner,
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
