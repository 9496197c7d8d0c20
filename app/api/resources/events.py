"""The feeds of public events: a shop's, and that of all shops for the platform."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Header, Query, Response
from pydantic import ConfigDict, Field
from pydantic_core import to_json

from app.api.cursors import (
    CURSOR_LENGTH_MAX,
    MERGED_CURSOR_LENGTH_MAX,
    feed_cursor_of,
    feed_place_of,
    merged_cursor_of,
    merged_places_of,
)
from app.api.long_polling import waited_for
from app.api.problems.problem import ProblemError
from app.api.request_context import RequestContext, ShopId
from app.api.resources import examples
from app.api.resources.common import RequestModel, ResponseModel
from app.api.resources.orders import PageLimit
from app.api.sse.blocks import READ_AT_ONCE_MAX, live_blocks
from app.api.sse.response import EVENT_STREAM, EventStream, block
from app.event_store.log import read_heads
from app.reactions.public_types import EventType
from app.webhooks.catalog.public_event import Envelope
from app.webhooks.feed.queries import (
    BEGINNING,
    EVERY_BEGINNING,
    ORDINAL_MAX,
    FedEvent,
    FeedPage,
    MergedPage,
    Place,
    Places,
    Wanted,
    latest_places,
    read_merged_feed,
    read_shop_feed,
)
from app.webhooks.feed.reader import EVERY_SHOP, feed_of


class PublicEvent(Envelope):
    """Something that happened, with how things stood right after it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PUBLIC_EVENT]})

    data: dict[str, Any]
    """What it carries, by its type: see `webhooks` in this document."""


class EventPage(ResponseModel):
    """A page of a feed, in the order of the log: of one order, of one shop, always as it happened.

    Between shops there is no order.
    """

    events: list[PublicEvent]
    next_cursor: str
    """Where to go on: pass as `after`, now or at any later time. It is always there."""
    has_more: bool
    """Whether there may be more already. With `types` a page may be empty and there be more."""


def event_page(events: Sequence[FedEvent], next_cursor: str, *, has_more: bool) -> bytes:
    """Return an `EventPage` as JSON, put together from bodies as they are kept."""
    rest = to_json({"next_cursor": next_cursor, "has_more": has_more})
    return b'{"events":[%b],%b' % (",".join(event.body for event in events).encode(), rest[1:])


WAIT_SECONDS_MAX = 30
LATEST = "latest"
"""What is passed in place of a cursor by those who want only what comes from now on."""


class FeedQuery(RequestModel):
    """Which events to give."""

    after: Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX)] = None
    """`next_cursor` of the page before, or the `id` of an event of the stream. Left out: from the
    first event there ever was. `latest`: nothing yet, and a cursor for what comes from now on."""
    limit: PageLimit = 50
    wait: Annotated[int, Query(ge=0, le=WAIT_SECONDS_MAX)] = 0
    """How many seconds to wait for the first event if there is none yet."""
    types: Annotated[list[EventType], Query(max_length=len(EventType))] = Field(
        default_factory=list
    )
    """Only these types; repeat it for several."""


async def get_events(
    shop_id: ShopId, query: Annotated[FeedQuery, Query()], call: RequestContext
) -> Response:
    """Give what happened in a shop, in order, from any point on, as often as it is asked for.

    Keep `next_cursor` with what you made of the events, and you miss none, whatever happens to
    you. With `wait` the answer comes as soon as there is something, at the latest after so long.
    """
    if query.after == LATEST:
        place = await latest_place(call, shop_id)
        return _answer((), feed_cursor_of(shop_id, place), has_more=False)
    place = BEGINNING if query.after is None else feed_place_of(query.after, shop_id)

    async def look() -> FeedPage:
        nonlocal place
        wanted = Wanted(after=place, types=query.types, limit=query.limit)
        page = await shop_page(call, shop_id, wanted)
        place = page.next
        return page

    page = await waited_for(call, look, query.wait, feed_of(shop_id))
    return _answer(page.events, feed_cursor_of(shop_id, page.next), has_more=page.more)


async def latest_place(call: RequestContext, shop_id: str) -> Place:
    """Return the place behind all there is now in a shop's feed."""
    page = await shop_page(call, shop_id, Wanted(after=BEGINNING, limit=1))
    return Place(page.current_to, ORDINAL_MAX)


async def shop_page(call: RequestContext, shop_id: str, wanted: Wanted) -> FeedPage:
    """Read a page; a ProblemError if its cursor is from beyond the end of the log."""
    page = await read_shop_feed(call.services.resources.pool, shop_id, wanted)
    if wanted.after.position > page.head:
        raise ProblemError("cursor_invalid")
    return page


def _answer(events: Sequence[FedEvent], cursor: str, *, has_more: bool) -> Response:
    body = event_page(events, cursor, has_more=has_more)
    return Response(body, media_type="application/json")


class PlatformFeedQuery(RequestModel):
    """Which events of all shops to give."""

    after: Annotated[str | None, Query(max_length=MERGED_CURSOR_LENGTH_MAX)] = None
    """`next_cursor` of the page before. Left out: from the first event there ever was. `latest`:
    nothing yet, and a cursor for what comes from now on."""
    limit: PageLimit = 50
    wait: Annotated[int, Query(ge=0, le=WAIT_SECONDS_MAX)] = 0
    """How many seconds to wait for the first event if there is none yet."""
    types: Annotated[list[EventType], Query(max_length=len(EventType))] = Field(
        default_factory=list
    )
    """Only these types; repeat it for several."""


async def get_platform_events(
    query: Annotated[PlatformFeedQuery, Query()], call: RequestContext
) -> Response:
    """Give what happened in all shops; of one shop always in order, between shops there is none.

    Works as the feed of a shop does. Its cursors are longer, about a thousand characters.
    """
    pool = call.services.resources.pool
    if query.after == LATEST:
        cursor = merged_cursor_of(await latest_places(pool))
        return Response(event_page((), cursor, has_more=False), media_type="application/json")
    places = EVERY_BEGINNING if query.after is None else await _known_places(call, query.after)

    async def look() -> MergedPage:
        nonlocal places
        page = await read_merged_feed(pool, places, types=query.types, limit=query.limit)
        places = page.next
        return page

    page = await waited_for(call, look, query.wait, *EVERY_SHOP)
    body = event_page(page.events, merged_cursor_of(page.next), has_more=page.more)
    return Response(body, media_type="application/json")


async def _known_places(call: RequestContext, cursor: str) -> Places:
    """Read a cursor; a ProblemError if it is from beyond the end of the log."""
    after = merged_places_of(cursor)
    heads = await read_heads(call.services.resources.pool)
    if any(place.position > heads.get(number, 0) for number, place in enumerate(after.places)):
        raise ProblemError("cursor_invalid")
    return after


STREAM: dict[str, Any] = {
    "description": "Server-sent events, without end. Each has the event's type as `event`, a "
    "`PublicEvent` as JSON on one line as `data`, and the cursor behind it as `id`, valid for the "
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
