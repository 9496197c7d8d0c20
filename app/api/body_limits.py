"""Bounds on the bodies of requests: their length, and how many of their faults are described."""

import json
from typing import Any

from fastapi._compat.v2 import ModelField
from pydantic import TypeAdapter, ValidationError

from app.api.problems.field_errors import faults_of

BODY_BYTES_LEAST = 16_384
"""The limit of the smallest body: room for indentation, and for faults to be described."""

_CHARACTER_BYTES = 12
"""JSON writes a character outside the basic plane with two escapes."""

_TEXT_LENGTH = 200
"""Counted for texts that a pattern or a format bounds: ids, instants, addresses."""

_NUMBER_BYTES = 40
UNKNOWN_BYTES = 1_048_576
"""Counted for what may be of any length; the lower limit of the settings applies."""


class BoundedField(ModelField):
    """A body as FastAPI validates it, of whose faults only a bounded number is described."""

    def __init__(self, field: ModelField) -> None:
        super().__init__(field_info=field.field_info, name=field.name, mode=field.mode)

    @property
    def adapter(self) -> TypeAdapter[Any]:
        """What validates it."""
        return self._type_adapter

    def validate(
        self,
        value: Any,
        values: Any = None,  # noqa: ARG002 - as FastAPI calls it
        *,
        loc: tuple[int | str, ...] = (),
    ) -> tuple[Any, list[dict[str, Any]]]:
        """Return the valid value, or what is wrong with it."""
        try:
            return self._type_adapter.validate_python(value, from_attributes=True), []
        except ValidationError as error:
            return None, faults_of(error, loc)


def body_bytes_max(adapter: TypeAdapter[Any]) -> int:
    """Return the limit of a body: what its schema's largest value takes, written at its longest."""
    schema = adapter.json_schema()
    return max(BODY_BYTES_LEAST, _bytes_max(schema, schema.get("$defs", {})))


def _bytes_max(schema: dict[str, Any], defs: dict[str, Any]) -> int:
    """Return how long a value of a schema can be in JSON, its indentation not counted."""
    if "$ref" in schema:
        return _bytes_max(defs[schema["$ref"].rpartition("/")[2]], defs)
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return max(_bytes_max(option, defs) for option in options)
    if "const" in schema or "enum" in schema:
        allowed = schema.get("enum", [schema.get("const")])
        return max(len(json.dumps(value)) for value in allowed)
    match schema.get("type"):
        case "object" if isinstance(schema.get("additionalProperties", False), dict):
            name = schema.get("propertyNames", {"type": "string"})
            each = _bytes_max(name, defs) + _bytes_max(schema["additionalProperties"], defs)
            return (
                int(schema["maxProperties"]) * each if "maxProperties" in schema else UNKNOWN_BYTES
            )
        case "object":
            members = schema.get("properties", {}).items()
            return sum(len(name) + 4 + _bytes_max(member, defs) for name, member in members) + 2
        case "array":
            items = int(schema.get("maxItems", 0)) * (_bytes_max(schema["items"], defs) + 2)
            return items + 2 if "maxItems" in schema else UNKNOWN_BYTES
        case "string":
            return int(schema.get("maxLength", _TEXT_LENGTH)) * _CHARACTER_BYTES + 2
        case "integer" | "number" | "boolean" | "null":
            return _NUMBER_BYTES
        case _:
            return UNKNOWN_BYTES
