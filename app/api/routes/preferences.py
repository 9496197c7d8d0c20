"""How a recipient wants to be told."""

from fastapi import APIRouter, Response

from app.api.problems.problem import ProblemError
from app.api.problems.problem_responses import WITH_BODY, problems
from app.api.request_context import IfMatch, RequestContext, ShopId
from app.api.routes.notifications import InboxOwner, InboxReader, recipient_of
from app.api.strict_request import StrictRoute
from app.api.wire.preferences import (
    NotificationPreferences,
    PreferencesBody,
    preferences_of_body,
    preferences_on_wire,
)
from app.notifications.preferences import (
    Preferences,
    PreferencesChanged,
    fetch_preferences,
    replace_preferences,
)
from app.notifications.push.queue import reconsider_held
from app.notifications.quiet_hours import QuietHoursEmpty, UnknownTimeZone

router = APIRouter(route_class=StrictRoute, tags=["notifications"])

_PREFERENCES = "/v1/shops/{shop_id}/notification-preferences"


@router.get(
    _PREFERENCES,
    name="get_notification_preferences",
    summary="How the caller wants to be told",
    response_model=NotificationPreferences,
    responses=problems(),
)
async def get_preferences(shop_id: ShopId, call: InboxReader) -> Response:
    """Show what the caller chose in this shop, or the defaults: everything is pushed, in zh-CN."""
    found = await fetch_preferences(call.services.resources.pool, recipient_of(call, shop_id))
    return _answer(call, *found)


@router.put(
    _PREFERENCES,
    name="set_notification_preferences",
    summary="Choose how to be told",
    response_model=NotificationPreferences,
    responses=problems(*WITH_BODY, "version_stale", "time_zone_unknown", "quiet_hours_empty"),
)
async def put_preferences(
    shop_id: ShopId, body: PreferencesBody, call: InboxOwner, if_match: IfMatch = None
) -> Response:
    """Replace what was chosen. It holds at once, for what is held back by quiet hours too."""
    pool, recipient, now = (
        call.services.resources.pool,
        recipient_of(call, shop_id),
        call.services.clock.now(),
    )
    seen = None if if_match is None else int(if_match.strip('"'))
    chosen = _chosen(body)
    try:
        version = await replace_preferences(pool, recipient, chosen, now, seen_version=seen)
    except PreferencesChanged as error:
        facts = {"current_version": error.current_version}
        raise ProblemError("version_stale", facts=facts) from error
    await reconsider_held(pool, recipient.key, now)
    return _answer(call, chosen, version)


def _chosen(body: PreferencesBody) -> Preferences:
    try:
        return preferences_of_body(body)
    except UnknownTimeZone as error:
        raise ProblemError("time_zone_unknown") from error
    except QuietHoursEmpty as error:
        raise ProblemError("quiet_hours_empty") from error


def _answer(call: RequestContext, preferences: Preferences, version: int) -> Response:
    return call.json(preferences_on_wire(preferences, version), etag=version)
