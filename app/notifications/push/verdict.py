"""Whether a push is to be sent now, later or never: decided when its turn comes, not before."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from app.notifications.groups import group_of
from app.notifications.preferences import Preferences
from app.notifications.push.queue import PushReason
from app.notifications.quiet_hours import quiet_until


@dataclass(frozen=True, slots=True)
class SendNow:
    """Nothing stands against it."""


@dataclass(frozen=True, slots=True)
class Skip:
    """Its recipient does not want it."""

    reason: PushReason


@dataclass(frozen=True, slots=True)
class Expire:
    """It would say what is no longer so."""


@dataclass(frozen=True, slots=True)
class Hold:
    """It is for the hours after an instant."""

    until: datetime


Verdict: TypeAlias = SendNow | Skip | Expire | Hold


def verdict(
    template: str,
    valid_until: datetime | None,
    preferences: Preferences,
    now: datetime,
    *,
    device_known: bool,
) -> Verdict:
    """Judge a push by what its recipient wants at an instant of the shop's clock."""
    if not device_known:
        return Skip(PushReason.DEVICE_REMOVED)
    if not preferences.push or group_of(template) in preferences.muted:
        return Skip(PushReason.SWITCHED_OFF)
    if valid_until is not None and valid_until <= now:
        return Expire()
    quiet = preferences.quiet_hours
    until = None if quiet is None else quiet_until(quiet, now)
    return SendNow() if until is None else Hold(until)
