"""How a recipient wants to be notified."""

from datetime import time
from typing import Annotated

from fastapi import Response
from pydantic import ConfigDict, Field, StringConstraints

from app.api.language import Language
from app.api.problems.problem import ProblemError
from app.api.request_context import IfMatch, RequestContext, ShopId
from app.api.resources import examples
from app.api.resources.common import RequestModel, ResponseModel, Versioned, YesOrNo
from app.api.resources.notifications import recipient_of
from app.notifications.preferences import (
    Preferences,
    PreferencesChanged,
    TemplateGroup,
    fetch_preferences,
    replace_preferences,
)
from app.notifications.push.queue import reconsider_held
from app.notifications.quiet_hours import QuietHours, QuietHoursEmpty, UnknownTimeZone, time_zone

WallTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time of day as a clock on the wall shows it: 22:30."""

ZoneName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,64}$")]
"""A time zone by its IANA name: Asia/Shanghai."""


class QuietHoursBody(RequestModel):
    """Hours in which nothing is pushed; over midnight if `end` is the earlier of the two."""

    begin: WallTime
    end: WallTime
    zone: ZoneName


class PreferencesBody(RequestModel):
    """How a recipient wants to be notified; replaces all earlier preferences."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PREFERENCES]})

    push: YesOrNo
    """False: nothing is pushed. The in-site inbox always holds every message."""
    muted_groups: Annotated[
        list[TemplateGroup], Field(max_length=len(TemplateGroup), default_factory=list)
    ]
    """Groups of messages that are not pushed."""
    language: Language = Language.ZH_CN
    """Of what is pushed."""
    quiet_hours: QuietHoursBody | None = None
    """What would be pushed in these hours waits for their end."""


class QuietHoursShown(ResponseModel):
    """Hours in which nothing is pushed."""

    begin: str
    end: str
    zone: str


class NotificationPreferences(Versioned):
    """How a recipient wants to be notified."""

    version: Annotated[int, Field(json_schema_extra={"format": "int64"})]
    """How often the preferences were replaced, 0 for never; pass it back in `If-Match`."""
    in_site: bool
    """Always true."""
    push: bool
    muted_groups: list[str]
    """Of `entry`, `refund` and `ticket`; more may come."""
    language: str
    quiet_hours: QuietHoursShown | None


def preferences_of_body(body: PreferencesBody) -> Preferences:
    """Read preferences; ValueError of the zone or the hours says what is wrong."""
    quiet = body.quiet_hours
    return Preferences(
        push=body.push,
        muted=frozenset(body.muted_groups),
        language=body.language,
        quiet_hours=None
        if quiet is None
        else QuietHours(
            begin=time.fromisoformat(quiet.begin),
            end=time.fromisoformat(quiet.end),
            zone=time_zone(quiet.zone),
        ),
    )


def preferences_on_wire(preferences: Preferences, version: int) -> NotificationPreferences:
    """Show what holds for a recipient."""
    quiet = preferences.quiet_hours
    return NotificationPreferences(
        version=version,
        in_site=True,
        push=preferences.push,
        muted_groups=sorted(preferences.muted),
        language=preferences.language.value,
        quiet_hours=None
        if quiet is None
        else QuietHoursShown(
            begin=f"{quiet.begin:%H:%M}", end=f"{quiet.end:%H:%M}", zone=quiet.zone.key
        ),
    )


async def get_preferences(shop_id: ShopId, call: RequestContext) -> Response:
    """Show what the caller chose in this shop, or the defaults: everything is pushed, in zh-CN."""
    found = await fetch_preferences(call.services.resources.pool, recipient_of(call, shop_id))
    return _answer(call, *found)


async def put_preferences(
    shop_id: ShopId, body: PreferencesBody, call: RequestContext, if_match: IfMatch = None
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
