"""Other forms of the OpenAPI document, for generators that do not take the full one.

``client_document`` leaves out what only receivers of webhooks need. ``document_3_0`` says the same
in OpenAPI 3.0.3, whose schemas are an older dialect: null is a flag, a constant is an enum of one,
and nothing may stand beside a reference.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeAlias

Schema: TypeAlias = dict[str, Any]

_COMPONENTS = "#/components/"
_ONLY_IN_3_1 = frozenset({"contentMediaType", "contentEncoding", "propertyNames", "$comment"})
"""Keywords of 3.1 that 3.0 does not know and that only narrow: what is left still holds."""


class Form(StrEnum):
    """The forms of the document."""

    FULL = "full"
    CLIENT = "client"
    CLIENT_3_0 = "client-3.0"

    @property
    def file(self) -> str:
        """The name of the file, and of the path it is served at."""
        return "openapi.json" if self is Form.FULL else f"openapi.{self}.json"


def document_in(form: Form, document: Schema) -> Schema:
    """Return the whole document in one of its forms."""
    if form is Form.FULL:
        return document
    client = client_document(document)
    return client if form is Form.CLIENT else document_3_0(client)


def client_document(document: Schema) -> Schema:
    """Return the document without webhooks and without the components only they refer to."""
    kept = {name: value for name, value in document.items() if name != "webhooks"}
    theirs = _reached(document, document.get("webhooks", {})) - _reached(
        document, document["paths"]
    )
    components = {
        section: {
            name: value
            for name, value in values.items()
            if f"{_COMPONENTS}{section}/{name}" not in theirs
        }
        for section, values in document["components"].items()
    }
    return {**kept, "components": components}


def document_3_0(document: Schema) -> Schema:
    """Return the same document in OpenAPI 3.0.3."""
    older = {name: value for name, value in document.items() if name != "jsonSchemaDialect"}
    components = {
        section: {name: _older(schema) for name, schema in values.items()}
        if section == "schemas"
        else _schemas_older(values)
        for section, values in document["components"].items()
    }
    schemas = components["schemas"]
    return {
        **older,
        "openapi": "3.0.3",
        "paths": _typed(_schemas_older(document["paths"]), schemas),
        "components": _typed(components, schemas),
    }


def _reached(document: Schema, start: object) -> set[str]:
    """Return the references to components that lead on from somewhere, directly or not."""
    found: set[str] = set()
    waiting = list(_references(start))
    while waiting:
        reference = waiting.pop()
        if reference not in found:
            found.add(reference)
            waiting += _references(_component(document, reference))
    return found


def _component(document: Schema, reference: str) -> object:
    section, _, name = reference.removeprefix(_COMPONENTS).partition("/")
    return document["components"][section][name]


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _schemas_older(value: object) -> Any:
    """Return a part of the document with the schemas in it in the older dialect."""
    if isinstance(value, list):
        return [_schemas_older(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _older(inner) if name == "schema" else _schemas_older(inner)
        for name, inner in value.items()
    }


def _older(schema: Schema) -> Schema:
    if "$ref" in schema:
        return _reference(schema)
    branches = schema.get("anyOf", [])
    if {"type": "null"} in branches:
        return _nullable(schema, [branch for branch in branches if branch != {"type": "null"}])
    older = {name: _part(name, value) for name, value in schema.items() if name not in _ONLY_IN_3_1}
    if "patternProperties" in older:  # what names look like cannot be said, what they hold can
        (older["additionalProperties"],) = older.pop("patternProperties").values()
    if "const" in older:
        older["enum"] = [older.pop("const")]
    if "examples" in older:
        older["example"] = older.pop("examples")[0]
    for bound, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if bound in older:
            older[limit], older[bound] = older[bound], True
    if isinstance(older.get("type"), list):
        raise TypeError(f"a schema with several types: {schema}")
    return older


def _reference(schema: Schema) -> Schema:
    """Return a reference, which in 3.0 stands alone, with what stood beside it around it."""
    beside = {name: value for name, value in schema.items() if name != "$ref"}
    if not beside:
        return schema
    return {"allOf": [{"$ref": schema["$ref"]}], **_older(beside)}


def _nullable(schema: Schema, branches: list[Schema]) -> Schema:
    beside = {name: value for name, value in schema.items() if name != "anyOf"}
    if len(branches) > 1:
        return {**_older({**beside, "anyOf": branches}), "nullable": True}
    (branch,) = branches
    older = _older({**branch, **beside})
    alone = {"allOf": [older]} if "$ref" in older else older
    return {**alone, "nullable": True}


def _typed(value: Any, schemas: Mapping[str, Schema]) -> Any:
    """Say the type of what may be null: in 3.0 the flag means nothing without one."""
    if isinstance(value, list):
        return [_typed(inner, schemas) for inner in value]
    if not isinstance(value, dict):
        return value
    typed = {name: _typed(inner, schemas) for name, inner in value.items()}
    if typed.get("nullable") is True and "type" not in typed:
        (kind,) = {_type_of(branch, schemas) for branch in _branches(typed)}
        typed["type"] = kind
    return typed


def _branches(schema: Schema) -> list[Schema]:
    return [branch for name in ("allOf", "anyOf", "oneOf") for branch in schema.get(name, [])]


def _type_of(schema: Schema, schemas: Mapping[str, Schema]) -> str:
    if "$ref" in schema:
        return _type_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    return str(schema.get("type", "object"))  # a union of models is of objects


def _part(name: str, value: Any) -> Any:
    """Return the value of a keyword, with the schemas in it in the older dialect."""
    if name == "properties":
        return {inner: _older(schema) for inner, schema in value.items()}
    if name in {"anyOf", "oneOf", "allOf"}:
        return [_older(schema) for schema in value]
    if name in {"items", "not", "additionalProperties"} and isinstance(value, dict):
        return _older(value)
    return value
