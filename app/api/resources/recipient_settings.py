"""The devices that messages are pushed to, and how a recipient wants to be notified."""

from datetime import datetime, time
from typing import Annotated
from uuid import UUID

from fastapi import Path, Response
from pydantic import ConfigDict, Field, StringConstraints

from app.api.idempotency import answered_once, asked_of
from app.api.language import Language
from app.api.problems.problem import ProblemError
from app.api.request_context import IdempotencyKeyHeader, IfMatch, RequestContext, ShopId
from app.api.resources import examples
from app.api.resources.common import RequestModel, ResponseModel, ShortText, Versioned, YesOrNo
from app.api.resources.notifications import recipient_of
from app.command_handling.requests import Answer
from app.event_store.connections import Connection
from app.notifications.preferences import (
    Preferences,
    PreferencesChanged,
    TemplateGroup,
    fetch_preferences,
    replace_preferences,
)
from app.notifications.push.devices import (
    DEVICES_MAX,
    Platform,
    TooManyDevices,
    delete_device,
    list_devices,
    register_device,
)
from app.notifications.push.devices import Device as StoredDevice
from app.notifications.push.queue import reconsider_held
from app.notifications.quiet_hours import QuietHours, QuietHoursEmpty, UnknownTimeZone, time_zone

PushToken = Annotated[str, StringConstraints(min_length=1, max_length=2_048, pattern=r"^[!-~]+$")]
"""What the platform's push service knows the app on this device by."""


class RegisterDeviceBody(RequestModel):
    """An app on a device, and how to reach it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REGISTER_DEVICE]})

    platform: Platform
    token: PushToken
    """Kept encrypted, and never shown again."""
    name: ShortText | None = None
    """To know the device again by in the list."""


class Device(ResponseModel):
    """A device; its token is not shown."""

    device_id: str
    platform: str
    """`ios`, `android` or `web`; more may come."""
    name: str | None
    registered_at: datetime
    refreshed_at: datetime
    """When the app last registered with this token."""


class DeviceList(ResponseModel):
    """All devices of a recipient in a shop, the first registered first."""

    devices: list[Device]


def device_on_wire(stored: StoredDevice) -> Device:
    """Show a device."""
    return Device(
        device_id=str(stored.device_id),
        platform=stored.platform.value,
        name=stored.name,
        registered_at=stored.registered_at,
        refreshed_at=stored.refreshed_at,
    )


DeviceId = Annotated[UUID, Path(description="The device, as its registration named it.")]


async def post_device(
    shop_id: ShopId,
    body: RegisterDeviceBody,
    call: RequestContext,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Register the app on a device; do so at every start of the app, for tokens change.

    A token belongs to who registered it last in the shop. Messages of before are not pushed.
    """
    seal = call.services.token_seal
    if seal is None:
        raise ProblemError("push_not_configured")

    async def registered(connection: Connection) -> Answer:
        try:
            device, new = await register_device(
                connection,
                seal,
                recipient_of(call, shop_id),
                platform=body.platform,
                token=body.token,
                name=body.name,
                now=call.services.clock.now(),
            )
        except TooManyDevices as error:
            raise ProblemError("too_many_devices", facts={"devices_max": DEVICES_MAX}) from error
        return call.answer(device_on_wire(device), 201 if new else 200)

    return await answered_once(await asked_of(call, idempotency_key, shop_id), registered)


async def get_devices(shop_id: ShopId, call: RequestContext) -> Response:
    """List the caller's own devices in this shop; there are 20 at most."""
    found = await list_devices(call.services.resources.pool, recipient_of(call, shop_id))
    return call.json(DeviceList(devices=[device_on_wire(device) for device in found]))


async def remove_device(shop_id: ShopId, device_id: DeviceId, call: RequestContext) -> Response:
    """Forget a device and its token. What is queued for it is not sent."""
    now = await call.services.shop_clocks.now(shop_id)
    pool = call.services.resources.pool
    if not await delete_device(pool, recipient_of(call, shop_id), device_id, now):
        raise ProblemError("device_not_found")
    return Response(status_code=204)


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
