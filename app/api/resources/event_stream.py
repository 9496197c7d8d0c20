"""The feed as a live stream of server-sent events, which can be gone on with where it broke off."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Header, Query, Response

from app.api.cursors import CURSOR_LENGTH_MAX, feed_cursor_of, feed_place_of
from app.api.request_context import RequestContext, ShopId
from app.api.resources.events import latest_place, shop_page
from app.api.sse.blocks import READ_AT_ONCE_MAX, live_blocks
from app.api.sse.response import EVENT_STREAM, EventStream, block
from app.reactions.public_types import EventType
from app.webhooks.feed.queries import Place, Wanted
from app.webhooks.feed.reader import feed_of

STREAM: dict[str, Any] = {
    "description": "Server-sent events, without end. Each has the event's type as `event`, a "
    "`PublicEvent` as JSON on one line as `data`, and the cursor behind it as `id`, good for the "
    "feed too. The first block has an `id` and no data: where the stream begins. Comments keep it "
    "open. It ends when the credential does, or when the service restarts: come back with "
    "`Last-Event-ID`.",
    "content": {
        EVENT_STREAM: {
            "schema": {
                "type": "string",
                "contentMediaType": EVENT_STREAM,
                "x-event-data": {"$ref": "#/components/schemas/PublicEvent"},
            }
        }
    },
}

LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        max_length=CURSOR_LENGTH_MAX,
        description="The last `id` received, or `next_cursor` of the feed: everything after it is "
        "sent, once. Without it the stream begins with what comes from now on.",
    ),
]


async def stream_events(
    shop_id: ShopId,
    call: RequestContext,
    types: Annotated[
        list[EventType] | None,
        Query(max_length=len(EventType), description="Only these types; repeat it for several."),
    ] = None,
    last_event_id: Annotated[
        str | None,
        Query(max_length=CURSOR_LENGTH_MAX, description="For clients that cannot set the header."),
    ] = None,
    last_event_id_header: LastEventId = None,
) -> Response:
    """Send what happens in a shop as it happens, in order, from any point on."""
    cursor = last_event_id_header or last_event_id
    if cursor is None:
        place = await latest_place(call, shop_id)
    else:
        place = feed_place_of(cursor, shop_id)
        await shop_page(call, shop_id, Wanted(after=place, limit=1))
    actor = call.caller.actor
    held = ExitStack()
    stream = held.enter_context(
        call.services.streams.open(
            call.services.feeds.woken(feed_of(shop_id)), f"{actor.role.value}/{actor.id}/events"
        )
    )
    following = _ShopFollowing(call, shop_id, types or [], place)
    return EventStream(live_blocks(call, following, stream), held, {})


@dataclass(slots=True)
class _ShopFollowing:
    """A place in a shop's feed."""

    call: RequestContext
    shop_id: str
    types: list[EventType]
    reached: Place

    @property
    def place(self) -> str:
        return feed_cursor_of(self.shop_id, self.reached)

    async def read_on(self) -> tuple[list[bytes], bool]:
        wanted = Wanted(after=self.reached, types=self.types, limit=READ_AT_ONCE_MAX)
        page = await shop_page(self.call, self.shop_id, wanted)
        self.reached = page.next
        blocks = [
            block(
                event=event.type,
                data=event.body.encode(),
                id_=feed_cursor_of(self.shop_id, event.place),
            )
            for event in page.events
        ]
        return blocks, page.more
