"""What can become of a delivery, and why it was made."""

from enum import StrEnum


class DeliveryState(StrEnum):
    """What became of a message for one endpoint."""

    WAITING = "waiting"
    """Another of its order comes first."""
    QUEUED = "queued"
    """To be sent, now or when it is due again."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """Given up after the last attempt."""


class Cause(StrEnum):
    """Why a delivery was made."""

    EVENT = "event"
    """The event happened while the endpoint was there for it."""
    REPLAY = "replay"
    """The owner asked for what was missed."""
    TEST = "test"
    """The owner asked for a test."""
