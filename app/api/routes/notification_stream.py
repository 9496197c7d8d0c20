"""An inbox as a live stream of server-sent events, which can be gone on with where it broke off."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Header, Query, Response

from app.api.calls import Call, ShopId
from app.api.declared import problems
from app.api.event_stream import EVENT_STREAM, HEARTBEAT, EventStream, block
from app.api.live_streams import OpenStream
from app.api.problems import ProblemError, json_bytes
from app.api.routes.notifications import INBOX, InboxReader, recipient_of, shown
from app.api.strict_request import StrictRoute
from app.api.wire import examples
from app.api.wire.notifications import Notification
from app.notifications.inbox_queries import InboxMessage, find_ends, list_after
from app.notifications.recipient import Recipient
from app.notifications.watching import DATABASE_AWAY

router = APIRouter(route_class=StrictRoute, tags=["notifications"])

MESSAGES_READ_AT_ONCE_MAX = 100
RETRY_MILLISECONDS = (2_000, 5_000)
"""When a client comes back, each at its own time: all streams of a process may end at once."""

CHECK_EVERY_SECONDS = 1.0
"""How often it is asked whether the credential still holds, which is remembered for some time."""

_EVENT_ID = r"^[0-9]{1,19}$"
_STREAM: dict[str, Any] = {
    "description": "Server-sent events, without end. Each message is an event `notification` whose "
    "`data` is a `Notification` as JSON on one line, and whose `id` is its position. The first "
    "block has an `id` and no data: where the stream begins. Comments keep it open. It ends when "
    "the credential does, or when the service restarts: come back with `Last-Event-ID`.",
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

_log = structlog.get_logger(__name__)


@router.get(
    f"{INBOX}/stream",
    name="stream_notifications",
    summary="Follow the inbox live",
    response_class=Response,
    responses={200: _STREAM, **problems("cursor_invalid", "too_many_streams", "overloaded")},
)
async def stream_notifications(
    shop_id: ShopId,
    call: InboxReader,
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
        call.services.streams.open(recipient, f"{actor.role.value}/{actor.id}/{shop_id}")
    )
    headers = {"Content-Language": call.language.value}
    return EventStream(_blocks(call, recipient, after, stream), held, headers)


async def _beginning(call: Call, shop_id: str, last_event_id: str | None) -> int:
    """Return the position a stream begins after; a ProblemError if it cannot be one of ours."""
    ends = await find_ends(call.services.resources.pool, shop_id)
    if last_event_id is None:
        return ends.current_to
    after = int(last_event_id)
    if after > ends.head:
        raise ProblemError("cursor_invalid")
    return after


async def _blocks(
    call: Call, recipient: Recipient, after: int, stream: OpenStream
) -> AsyncGenerator[bytes]:
    """Give what is to be sent; ends when it may not go on. Holds no connection while it waits."""
    services, time = call.services, asyncio.get_running_loop().time
    heartbeat_seconds = services.resources.settings.stream_heartbeat_seconds
    yield block(id_=after, retry=random.randint(*RETRY_MILLISECONDS))  # noqa: S311 - no secret
    sent_at, may_be_more = time(), True
    try:
        while not stream.ending.is_set() and await call.still_allowed():
            messages: list[InboxMessage] = []
            if may_be_more:
                stream.heard.clear()
                messages = await list_after(
                    services.resources.pool, recipient, after, limit=MESSAGES_READ_AT_ONCE_MAX
                )
            for notification in await shown(call, messages):
                after, sent_at = notification.position, time()
                yield _block_of(notification)
            if time() >= sent_at + heartbeat_seconds:
                sent_at = time()
                yield HEARTBEAT
            may_be_more = len(messages) == MESSAGES_READ_AT_ONCE_MAX or await _heard(
                stream, min(CHECK_EVERY_SECONDS, heartbeat_seconds)
            )
    except DATABASE_AWAY as error:
        _log.info("stream_ended_without_database", reason=repr(error))


def _block_of(notification: Notification) -> bytes:
    data = json_bytes(notification)
    return block(event="notification", data=data, id_=notification.position)


async def _heard(stream: OpenStream, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await stream.heard.wait()
    except TimeoutError:
        return False
