"""What can have happened to a shop's webhook endpoint that others are told of. Stored for ever.

An endpoint itself is a row, and its secrets are forgotten with it: nothing secret is in an event.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DisabledReason(StrEnum):
    """Why an endpoint is told nothing."""

    BY_OWNER = "by_owner"
    GONE = "gone"
    """It answered 410."""
    FAILING = "failing_too_long"
    """Nothing was delivered for too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointDisabled:
    """An endpoint is sent nothing from now on. ``url``: without its query, which may be secret."""

    at: datetime
    endpoint_id: str
    url: str
    reason: DisabledReason


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointEnabled:
    """A disabled endpoint is sent to again. ``url``: without its query, which may be secret."""

    at: datetime
    endpoint_id: str
    url: str


WebhookEndpointEvent = WebhookEndpointDisabled | WebhookEndpointEnabled
