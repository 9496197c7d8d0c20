"""Requests to append events to the log, and their outcomes."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from app.event_store.codec import Codec
from app.event_store.recorded_event import E, EventMetadata
from app.event_store.streams import PARTITION_COUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event to be appended, encoded: ``data`` and ``metadata`` are JSON objects."""

    event_id: UUID
    type: str
    schema_version: int
    data: str
    metadata: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotentRequest:
    """A client's request and its answer, stored with the events it produced.

    ``key`` is the client's, unique within ``scope``; ``fingerprint`` identifies the body.
    """

    scope: str
    key: str
    fingerprint: bytes
    status: int
    response: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Events for one stream, written together or not at all, if it still has ``expected_version``.

    A version is the number of events in the stream, 0 if there is none. Without events the item
    only remembers the request, on the same condition.
    """

    partition_id: int
    stream_id: str
    expected_version: int
    events: tuple[NewEvent, ...]
    idempotency: IdempotentRequest | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.partition_id < PARTITION_COUNT:
            raise ValueError(f"there is no partition {self.partition_id}")
        if self.expected_version < 0:
            raise ValueError("a version is not negative")
        if not self.events and self.idempotency is None:
            raise ValueError("there is nothing to append")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The events are committed: ``version`` is the stream's now.

    Their positions run from ``first_position``; an item without events names the next free one.
    """

    version: int
    first_position: int
    partition_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionConflict:
    """Nothing was written: the stream is at another version than expected."""

    actual_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateRequest:
    """Nothing was written now: the same request was answered before; this is its response."""

    status: int
    response: bytes


@dataclass(frozen=True, slots=True)
class IdempotencyKeyReused:
    """Nothing was written: the key belongs to a request with another body."""


Outcome: TypeAlias = Written | VersionConflict | DuplicateRequest | IdempotencyKeyReused


class AppendFailed(Exception):
    """The append has no outcome. The subclasses say what that means for the events."""


class QueueFull(AppendFailed):
    """Too many appends are waiting. Nothing was written; retry later."""


class EventStoreUnavailable(AppendFailed):
    """The database cannot be reached or does not take writes. Nothing was written."""


class AppendOutcomeUnknown(AppendFailed):
    """The connection was lost during the statement: the events may or may not be written."""


class AppendRefused(AppendFailed):
    """The database refuses this item permanently. Nothing was written."""


def new_event(
    codec: Codec[E], event: E, metadata: EventMetadata, *, event_id: UUID, occurred_at: datetime
) -> NewEvent:
    """Encode an event and what is known of its command."""
    encoded = codec.encode(event)
    return NewEvent(
        event_id=event_id,
        type=encoded.type,
        schema_version=encoded.schema_version,
        data=encoded.data,
        metadata=codec.encode_metadata(metadata),
        occurred_at=occurred_at,
    )
