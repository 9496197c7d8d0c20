"""Devices that messages are pushed to, on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, StringConstraints

from app.api.wire import examples
from app.api.wire.common import RequestModel, ResponseModel, ShortText
from app.notifications.push.devices import Device as StoredDevice
from app.notifications.push.devices import Platform

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
