"""The feed of a shop's public events, for those who pull: by cursor, waiting if they like."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.access.scopes import Scope
from app.api.cursors import CURSOR_LENGTH_MAX, feed_cursor_of, feed_place_of
from app.api.long_polling import waited_for
from app.api.problems.problem import ProblemError
from app.api.problems.problem_responses import problems
from app.api.request_context import RequestContext, ShopId, allow
from app.api.routes.lists import PageLimit
from app.api.strict_request import StrictRoute
from app.api.wire.common import RequestModel
from app.api.wire.events import EventPage, event_page
from app.event_store.recorded_event import Role
from app.reactions.public_types import EventType
from app.webhooks.feed.growth import feed_of
from app.webhooks.feed.queries import (
    BEGINNING,
    ORDINAL_MAX,
    FedEvent,
    FeedPage,
    Place,
    Wanted,
    read_shop_feed,
)

router = APIRouter(route_class=StrictRoute, tags=["events"])

EventReader = Annotated[RequestContext, allow(Scope.EVENTS_READ, Role.MERCHANT, Role.PLATFORM)]

WAIT_SECONDS_MAX = 30
LATEST = "latest"
"""What is passed in place of a cursor by those who want only what comes from now on."""

FEED_PROBLEMS = ("cursor_invalid", "too_many_streams", "overloaded")
"""What a feed may be refused with, beside what any request may."""


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


@router.get(
    "/v1/shops/{shop_id}/events",
    name="list_events",
    summary="Read the event feed",
    response_model=EventPage,
    responses=problems(*FEED_PROBLEMS),
)
async def get_events(
    shop_id: ShopId, query: Annotated[FeedQuery, Query()], call: EventReader
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
