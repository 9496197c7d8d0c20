"""Events of a made-up library, and appends of them: the log knows nothing of orders."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TypeAlias
from uuid import UUID

from uuid_utils.compat import uuid7

from app.event_store.append import Append, IdempotentRequest, NewEvent
from app.event_store.codec import Codec, EventType
from app.event_store.recorded_event import Actor, ClockKind, EventMetadata, Role

NOW = datetime(2021, 3, 15, 9, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    name: str
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookLent:
    reader: str
    title: Title
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookReturned:
    reader: str


LibraryEvent: TypeAlias = BookLent | BookReturned

LIBRARY_CODEC: Codec[LibraryEvent] = Codec(
    {"BookLent": EventType(BookLent), "BookReturned": EventType(BookReturned)}
)

METADATA = EventMetadata(
    actor=Actor(role=Role.MERCHANT, id="key-1"),
    correlation_id="request-1",
    causation_id=None,
    policy_version=3,
    clock=ClockKind.SYSTEM,
)


def new_event(event: LibraryEvent, *, event_id: UUID | None = None) -> NewEvent:
    """Return the event ready to be appended."""
    encoded = LIBRARY_CODEC.encode(event)
    return NewEvent(
        event_id=event_id or uuid7(),
        type=encoded.type,
        schema_version=encoded.schema_version,
        data=encoded.data,
        metadata=LIBRARY_CODEC.encode_metadata(METADATA),
        occurred_at=NOW,
    )


def raw_event(data: str, *, event_type: str = "BookReturned", schema_version: int = 1) -> NewEvent:
    """Return an event whose stored form is given, whatever the codec thinks of it."""
    return NewEvent(
        event_id=uuid7(),
        type=event_type,
        schema_version=schema_version,
        data=data,
        metadata=LIBRARY_CODEC.encode_metadata(METADATA),
        occurred_at=NOW,
    )


def returns(
    stream_id: str,
    expected_version: int = 0,
    *,
    readers: tuple[str, ...] = ("ada",),
    partition_id: int = 1,
    idempotency: IdempotentRequest | None = None,
) -> Append:
    """Return an append of one BookReturned per reader."""
    return Append(
        partition_id=partition_id,
        stream_id=stream_id,
        expected_version=expected_version,
        events=tuple(new_event(BookReturned(reader=reader)) for reader in readers),
        idempotency=idempotency,
    )


def request(key: str, *, body: bytes = b"body", scope: str = "shop-1") -> IdempotentRequest:
    """Return a request that was answered with 201 and a response naming the key."""
    return IdempotentRequest(
        scope=scope, key=key, fingerprint=body, status=201, response=f"answer to {key}".encode()
    )
