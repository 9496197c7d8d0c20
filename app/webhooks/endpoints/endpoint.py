"""What an endpoint is: where to send, what of, how fast; and whether it is told anything now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.domain.webhook_endpoints import DisabledReason
from app.event_store.partitions import PARTITION_COUNT, partition_of

PLATFORM_PARTITION = 0
"""Where what there is once of a platform-wide endpoint is kept."""


class ChangeKind(StrEnum):
    """What somebody did to an endpoint."""

    CREATED = "created"
    CHANGED = "changed"
    DISABLED = "disabled"
    ENABLED = "enabled"
    SECRET_ROTATED = "secret_rotated"  # noqa: S105 - a name, no secret
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose endpoints: a shop's, or with None the platform's, which hear of all shops."""

    shop_id: str | None

    @property
    def home(self) -> int:
        """The partition of what there is once of an endpoint."""
        return PLATFORM_PARTITION if self.shop_id is None else partition_of(self.shop_id)

    @property
    def partitions(self) -> list[int]:
        """The partitions its endpoints have a row in."""
        return list(range(PARTITION_COUNT)) if self.shop_id is None else [self.home]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSettings:
    """What the owner decides on. ``event_types``: None for all; ``rate_per_second``: None for any.

    ``ordered``: events of one order one after another, the next when the one before arrived or was
    given up. ``headers`` are sent along and never shown; None in a change leaves them as they are.
    ``include``: of `Inclusion`, what it is told only because its owner asks.
    """

    url: str
    description: str | None
    event_types: tuple[str, ...] | None
    ordered: bool
    rate_per_second: int | None
    headers: Mapping[str, str] | None = field(repr=False)
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Disabled:
    """Told nothing, why, and since when."""

    reason: DisabledReason
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint without its secrets. ``version`` rises with every change."""

    endpoint_id: UUID
    shop_id: str | None
    url: str
    description: str | None
    event_types: tuple[str, ...] | None
    ordered: bool
    rate_per_second: int | None
    include: tuple[str, ...]
    api_version: str
    header_names: tuple[str, ...]
    public_key: str
    former_secret_until: datetime | None
    disabled: Disabled | None
    version: int
    created_at: datetime
    changed_at: datetime
