"""Devices that a recipient's messages are pushed to."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Response
from pydantic import ConfigDict, StringConstraints

from app.api.idempotency import answered_once, asked_of
from app.api.problems.problem import ProblemError
from app.api.request_context import IdempotencyKeyHeader, RequestContext, ShopId
from app.api.resources import examples
from app.api.resources.common import RequestModel, ResponseModel, ShortText
from app.api.resources.notifications import recipient_of
from app.command_handling.requests import Answer
from app.event_store.connections import Connection
from app.notifications.push.devices import (
    DEVICES_MAX,
    Platform,
    TooManyDevices,
    delete_device,
    list_devices,
    register_device,
)
from app.notifications.push.devices import Device as StoredDevice

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
