"""The feed of all shops, for the platform."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.access.scopes import Scope
from app.api.cursors import MERGED_CURSOR_LENGTH_MAX, merged_cursor_of, merged_places_of
from app.api.long_polling import waited_for
from app.api.problems.problem import ProblemError
from app.api.problems.problem_responses import problems
from app.api.request_context import RequestContext, allow
from app.api.routes.events import FEED_PROBLEMS, LATEST, WAIT_SECONDS_MAX
from app.api.routes.lists import PageLimit
from app.api.strict_request import StrictRoute
from app.api.wire.common import RequestModel
from app.api.wire.events import EventPage, event_page
from app.event_store.log import read_heads
from app.event_store.recorded_event import Role
from app.reactions.public_types import EventType
from app.webhooks.feed.growth import EVERY_SHOP
from app.webhooks.feed.merged import (
    EVERY_BEGINNING,
    MergedPage,
    Places,
    latest_places,
    read_merged_feed,
)

router = APIRouter(route_class=StrictRoute, tags=["events"])

PlatformEventReader = Annotated[RequestContext, allow(Scope.EVENTS_READ, Role.PLATFORM)]


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


@router.get(
    "/v1/platform/events",
    name="list_platform_events",
    summary="Read the event feed of all shops",
    response_model=EventPage,
    responses=problems(*FEED_PROBLEMS),
)
async def get_platform_events(
    query: Annotated[PlatformFeedQuery, Query()], call: PlatformEventReader
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
