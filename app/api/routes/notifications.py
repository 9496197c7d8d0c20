"""The in-site inbox (站内信) of a consumer or a merchant."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from app.access.scopes import Scope
from app.api.calls import Call, ShopId, allow
from app.api.cursors import after_of, cursor_of
from app.api.declared import problems
from app.api.language import Language, in_language
from app.api.routes.lists import PageQuery
from app.api.strict_request import StrictRoute
from app.api.wire.common import ResponseModel, Version
from app.event_store.recorded import Role
from app.notifications.inbox import list_notifications
from app.notifications.notification import Notification as StoredNotification
from app.notifications.templates import render

router = APIRouter(route_class=StrictRoute, tags=["notifications"])

InboxReader = Annotated[Call, allow(Scope.NOTIFICATIONS_READ, Role.MERCHANT, Role.CONSUMER)]


class Notification(ResponseModel):
    """A message in the language asked for."""

    notification_id: str
    shop_id: str
    order_id: str
    template: str
    """Stable name of what the message is about; more may come."""
    title: str
    body: str
    facts: dict[str, Any]
    """What the message says, by stable names: ids, codes, instants."""
    created_at: datetime


class NotificationPage(ResponseModel):
    """A page of messages, newest first."""

    notifications: list[Notification]
    next_cursor: str | None
    """Pass as `cursor` for the next page; null on the last one."""
    current_to: Version
    """The position in the shop's partition of the log this list is current to."""


@router.get(
    "/v1/shops/{shop_id}/notifications",
    name="list_notifications",
    summary="Read the in-site inbox",
    response_model=NotificationPage,
    responses=problems("cursor_invalid"),
)
async def get_notifications(
    shop_id: ShopId, query: Annotated[PageQuery, Query()], call: InboxReader
) -> Response:
    """List what the consumer was told in this shop, or what the shop was told, newest first."""
    page = await list_notifications(
        call.services.resources.pool,
        shop_id,
        call.caller.actor.role,
        call.caller.buyer_id or shop_id,
        after=after_of(query.cursor, uuid_ids=True),
        limit=query.limit,
    )
    answer = call.json(
        NotificationPage(
            notifications=[_on_wire(found, call.language) for found in page.rows],
            next_cursor=cursor_of(page.next),
            current_to=page.current_to,
        )
    )
    answer.headers["Content-Language"] = call.language.value
    return answer


def _on_wire(stored: StoredNotification, language: Language) -> Notification:
    message = render(stored.template, stored.params)
    return Notification(
        notification_id=str(stored.notification_id),
        shop_id=stored.shop_id,
        order_id=stored.order_id,
        template=stored.template.value,
        title=in_language(message.title, language),
        body=in_language(message.body, language),
        facts=dict(stored.params),
        created_at=stored.created_at,
    )
