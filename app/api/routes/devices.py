"""Devices that a recipient's messages are pushed to."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response

from app.api.idempotency import answered_once, asked_of
from app.api.problems.problem import ProblemError
from app.api.problems.problem_responses import WITH_BODY, problems
from app.api.request_context import IdempotencyKeyHeader, ShopId
from app.api.routes.notifications import InboxOwner, InboxReader, recipient_of
from app.api.strict_request import StrictRoute
from app.api.wire.devices import Device, DeviceList, RegisterDeviceBody, device_on_wire
from app.command_handling.requests import Answer
from app.event_store.connections import Connection
from app.notifications.push.devices import (
    DEVICES_MAX,
    TooManyDevices,
    delete_device,
    list_devices,
    register_device,
)

router = APIRouter(route_class=StrictRoute, tags=["notifications"])

DeviceId = Annotated[UUID, Path(description="The device, as its registration named it.")]

_DEVICES = "/v1/shops/{shop_id}/devices"


@router.post(
    _DEVICES,
    name="register_device",
    summary="Have messages pushed to a device",
    response_model=Device,
    status_code=201,
    responses={
        200: {"model": Device, "description": "The token was registered before by the same owner."},
        **problems(*WITH_BODY, "too_many_devices", "push_not_configured", "idempotency_key_reused"),
    },
)
async def post_device(
    shop_id: ShopId,
    body: RegisterDeviceBody,
    call: InboxOwner,
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


@router.get(
    _DEVICES,
    name="list_devices",
    summary="List the devices that messages are pushed to",
    response_model=DeviceList,
    responses=problems(),
)
async def get_devices(shop_id: ShopId, call: InboxReader) -> Response:
    """List the caller's own devices in this shop; there are 20 at most."""
    found = await list_devices(call.services.resources.pool, recipient_of(call, shop_id))
    return call.json(DeviceList(devices=[device_on_wire(device) for device in found]))


@router.delete(
    f"{_DEVICES}/{{device_id}}",
    name="delete_device",
    summary="Push nothing to a device any more",
    status_code=204,
    responses=problems("device_not_found"),
)
async def remove_device(shop_id: ShopId, device_id: DeviceId, call: InboxOwner) -> Response:
    """Forget a device and its token. What is queued for it is not sent."""
    now = await call.services.shop_clocks.now(shop_id)
    pool = call.services.resources.pool
    if not await delete_device(pool, recipient_of(call, shop_id), device_id, now):
        raise ProblemError("device_not_found")
    return Response(status_code=204)
