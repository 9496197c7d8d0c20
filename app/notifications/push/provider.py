"""What sends a push to a device, and what it may answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias
from uuid import UUID

from app.domain.text import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class PushMessage:
    """A message in words for one device. ``id`` is the same however often it is sent."""

    id: UUID
    platform: str
    token: str = field(repr=False)
    title: str
    body: str
    language: Language
    data: Mapping[str, str]
    """For the app that receives it: ids and stable names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider has it, perhaps since an earlier attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenGone:
    """The token names no device any more; nothing will ever arrive there."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The provider will not have this message, however often it is sent."""

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TryLater:
    """It may have it or not; sending again with the same id does no harm.

    ``after_seconds``: how long the provider asks to wait, None if it does not say.
    """

    detail: str
    after_seconds: float | None = None


PushOutcome: TypeAlias = Accepted | TokenGone | Refused | TryLater


class PushProvider(Protocol):
    """Sends pushes. It never raises for what happens outside, and answers within seconds."""

    async def send(self, message: PushMessage) -> PushOutcome:
        """Send a message and say what became of it."""
        ...
