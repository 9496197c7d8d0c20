"""An inbox as a live stream of server-sent events, which can be gone on with where it broke off."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Header, Query, Response

from app.api.openapi.headers import references
from app.api.problems.problem import ProblemError, json_bytes
from app.api.request_context import RequestContext, ShopId
from app.api.resources import examples
from app.api.resources.notifications import Notification, recipient_of, shown
from app.api.sse.blocks import READ_AT_ONCE_MAX, live_blocks
from app.api.sse.response import EVENT_STREAM, EventStream, block
from app.notifications.inbox_queries import find_ends, list_after
from app.notifications.notification import Recipient

_EVENT_ID = r"^[0-9]{1,19}$"
STREAM: dict[str, Any] = {
    "description": "Server-sent events, without end. Each message is an event `notification` whose "
    "`data` is a `Notification` as JSON on one line, and whose `id` is its position. The first "
    "block has an `id` and no data: where the stream begins. Comments keep it open. It ends when "
    "the credential does, or when the service restarts: come back with `Last-Event-ID`.",
    "headers": references(["Content-Language"]),
    "content": {
        EVENT_STREAM: {
            "schema": {
                "type": "string",
                "contentMediaType": EVENT_STREAM,
                "x-event-data": {"$ref": "#/components/schemas/Notification"},
                "examples": [examples.NOTIFICATION_STREAM],
            }
        }
    },
}


async def stream_notifications(
    shop_id: ShopId,
    call: RequestContext,
    last_event_id: Annotated[
        str | None, Query(pattern=_EVENT_ID, description="For clients that cannot set the header.")
    ] = None,
    last_event_id_header: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID",
            pattern=_EVENT_ID,
            description="The last `id` received, or `current_to` of a list: everything after it "
            "is sent, once. Without it the stream begins with what comes from now on.",
        ),
    ] = None,
) -> Response:
    """Send what is new in the inbox as it arrives, in the order it arrived."""
    recipient = recipient_of(call, shop_id)
    after = await _beginning(call, shop_id, last_event_id_header or last_event_id)
    actor = call.caller.actor
    held = ExitStack()
    stream = held.enter_context(
        call.services.streams.open(
            call.services.inboxes.woken(recipient.key), f"{actor.role.value}/{actor.id}/{shop_id}"
        )
    )
    headers = {"Content-Language": call.language.value}
    following = _InboxFollowing(call, recipient, after)
    return EventStream(live_blocks(call, following, stream), held, headers)


async def _beginning(call: RequestContext, shop_id: str, last_event_id: str | None) -> int:
    """Return the position a stream begins after; a ProblemError if it cannot be one of ours."""
    ends = await find_ends(call.services.resources.pool, shop_id)
    if last_event_id is None:
        return ends.current_to
    after = int(last_event_id)
    if after > ends.head:
        raise ProblemError("cursor_invalid")
    return after


@dataclass(slots=True)
class _InboxFollowing:
    """A place in an inbox: the position of the last message sent."""

    call: RequestContext
    recipient: Recipient
    place: int

    async def read_on(self) -> tuple[list[bytes], bool]:
        pool = self.call.services.resources.pool
        messages = await list_after(pool, self.recipient, self.place, limit=READ_AT_ONCE_MAX)
        notifications = await shown(self.call, messages)
        if notifications:
            self.place = notifications[-1].position
        blocks = [_block_of(notification) for notification in notifications]
        return blocks, len(messages) == READ_AT_ONCE_MAX


def _block_of(notification: Notification) -> bytes:
    data = json_bytes(notification)
    return block(event="notification", data=data, id_=notification.position)
