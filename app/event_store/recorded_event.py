"""An event of the log: its payload, its place, and its metadata."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


class Role(StrEnum):
    """The role of an actor."""

    MERCHANT = "merchant"
    CONSUMER = "consumer"
    PLATFORM = "platform"
    SYSTEM = "system"


class ClockKind(StrEnum):
    """The clock of an event's time: the system's, or a shop's test clock."""

    SYSTEM = "system"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who issued a command. ``id`` is the key's, the buyer's or the process's."""

    role: Role
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMetadata:
    """The metadata of the command that caused an event.

    ``correlation_id`` is the same for everything one outside request led to; ``causation_id`` is
    the event a process acted on, if it was one.
    """

    actor: Actor
    correlation_id: str
    causation_id: UUID | None
    policy_version: int | None
    clock: ClockKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """A row of the log with payload and metadata still in their stored form (JSON)."""

    partition_id: int
    position: int
    stream_id: str
    version: int
    event_id: UUID
    type: str
    schema_version: int
    data: str
    metadata: str
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded(Generic[E_co]):
    """A decoded event and its place: ``position`` in the partition, ``version`` in the stream.

    ``occurred_at`` is when it happened by the command's clock, ``recorded_at`` by the database's.
    """

    partition_id: int
    position: int
    stream_id: str
    version: int
    event_id: UUID
    event: E_co
    metadata: EventMetadata
    occurred_at: datetime
    recorded_at: datetime
