"""Between event objects and what the log stores: a type name, a schema version and JSON.

Nothing is guessed: a type, a version or a field the codec does not know is an error. Payloads of
old versions are lifted step by step by upcasters, pure functions from one payload to the next.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, NewType, TypeAlias, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from app.event_store.recorded_event import E, EventMetadata, Recorded, StoredEvent

Payload: TypeAlias = dict[str, Any]
Upcaster: TypeAlias = Callable[[Payload], Payload]
T = TypeVar("T")

_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class EventType:
    """The class of an event and the version its payload is written in now (1 or more)."""

    cls: type[Any]
    schema_version: int = 1


@dataclass(frozen=True, slots=True)
class Encoded:
    """An event in its stored form; ``data`` is a JSON object."""

    type: str
    schema_version: int
    data: str


class UndecodableEvent(Exception):
    """A stored event this code cannot read: its type, version or payload is not what it knows."""

    def __init__(self, event_type: str, schema_version: int, reason: str) -> None:
        super().__init__(f"{event_type} v{schema_version}: {reason}")
        self.event_type = event_type
        self.schema_version = schema_version
        self.reason = reason


class Codec(Generic[E]):
    """Encodes and decodes the events of one registry.

    ``event_types`` maps stored type names to classes (stdlib dataclasses). ``upcasters`` maps
    (type name, version) to the function that lifts a payload of that version to the next one; every
    version below a type's current one must have it (ValueError otherwise).
    """

    def __init__(
        self,
        event_types: Mapping[str, EventType],
        upcasters: Mapping[tuple[str, int], Upcaster] | None = None,
    ) -> None:
        self._upcasters = dict(upcasters or {})
        _check_registry(event_types, self._upcasters)
        self._versions = {name: known.schema_version for name, known in event_types.items()}
        self._names = {known.cls: name for name, known in event_types.items()}
        classes: dict[str, Any] = {name: known.cls for name, known in event_types.items()}
        adapters = {name: _strict_adapter(cls) for name, cls in classes.items()}
        metadata = _strict_adapter(EventMetadata)
        # The adapters' own methods cost as much again as what they call.
        self._write = {name: adapter.serializer.to_json for name, adapter in adapters.items()}
        self._read = {name: adapter.validator.validate_json for name, adapter in adapters.items()}
        self._write_metadata = metadata.serializer.to_json
        self._read_metadata = metadata.validator.validate_json

    def encode(self, event: E) -> Encoded:
        """Return the stored form of an event; KeyError if its class is not registered."""
        name = self._names[type(event)]
        data = self._write[name](event).decode()
        return Encoded(name, self._versions[name], data)

    def newest_version(self, cls: type[E]) -> int:
        """Return the schema version a class is stored in now; KeyError if it is not registered."""
        return self._versions[self._names[cls]]

    def decode(self, event_type: str, schema_version: int, data: str | bytes) -> E:
        """Return the event; UndecodableEvent if type, version or payload is unknown or invalid."""
        current = self._versions.get(event_type)
        if current is None:
            raise UndecodableEvent(event_type, schema_version, "unknown event type")
        if not 1 <= schema_version <= current:
            reason = f"unknown schema version, the newest known is {current}"
            raise UndecodableEvent(event_type, schema_version, reason)
        try:
            if schema_version < current:
                data = self._lift(event_type, schema_version, current, data)
            event: E = self._read[event_type](data)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise UndecodableEvent(event_type, schema_version, _reason(error)) from error
        return event

    def encode_metadata(self, metadata: EventMetadata) -> str:
        """Return the stored form (JSON) of an event's metadata."""
        return self._write_metadata(metadata).decode()

    def recorded(self, stored: StoredEvent) -> Recorded[E]:
        """Return a row of the log decoded; UndecodableEvent if that cannot be done."""
        event = self.decode(stored.type, stored.schema_version, stored.data)
        try:
            metadata: EventMetadata = self._read_metadata(stored.metadata)
        except ValidationError as error:
            reason = f"metadata: {_reason(error)}"
            raise UndecodableEvent(stored.type, stored.schema_version, reason) from error
        return Recorded(
            partition_id=stored.partition_id,
            position=stored.position,
            stream_id=stored.stream_id,
            version=stored.version,
            event_id=stored.event_id,
            event=event,
            metadata=metadata,
            occurred_at=stored.occurred_at,
            recorded_at=stored.recorded_at,
        )

    def _lift(self, name: str, version: int, current: int, data: str | bytes) -> bytes:
        payload = from_json(data)
        if not isinstance(payload, dict):
            raise ValueError("the payload is no object")  # noqa: TRY004 - a flaw of the row
        for from_version in range(version, current):
            payload = self._upcasters[name, from_version](payload)
        return to_json(payload)


def _check_registry(
    event_types: Mapping[str, EventType], upcasters: Mapping[tuple[str, int], Upcaster]
) -> None:
    needed = {
        (name, version)
        for name, known in event_types.items()
        for version in range(1, known.schema_version)
    }
    if missing := needed - upcasters.keys():
        raise ValueError(f"no upcaster from {sorted(missing)}")
    if unused := upcasters.keys() - needed:
        raise ValueError(f"upcasters from versions that never were: {sorted(unused)}")
    if len({known.cls for known in event_types.values()}) != len(event_types):
        raise ValueError("one class is registered under several names")


@cache
def _strict_adapter(cls: type[T]) -> TypeAdapter[T]:
    # The events are plain dataclasses and cannot carry pydantic's configuration themselves; under
    # another name of the type the adapter may set it, and it reaches the nested dataclasses too.
    rename: Any = NewType
    return TypeAdapter(rename("StoredForm", cls), config=_STRICT)


def _reason(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return repr(error)
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
