"""A small document with one of everything, and changing it."""

import copy
from collections.abc import Mapping
from typing import Any

Json = Any

GONE = object()
"""Written to a place: take away what stands there."""

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
EVENT = {"application/json": {"schema": {"$ref": "#/components/schemas/ThingMade"}}}
MAKE = "/paths/~1things~1{thing_id}/post"
TOLD = "/webhooks/thing.made/post"

SMALL: Mapping[str, Json] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1.0.0"},
    "servers": [{"url": "/"}],
    "paths": {
        "/things/{thing_id}": {
            "post": {
                "operationId": "make_thing",
                "tags": ["things"],
                "security": [{"bearer": []}],
                "parameters": [
                    {"name": "thing_id", "in": "path", "required": True, "schema": {}},
                    {"name": "size", "in": "query", "required": False, "schema": {}},
                    {"name": "X-Key", "in": "header", "required": True, "schema": {}},
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/ThingIn"}}
                    },
                },
                "responses": {
                    "200": {
                        "description": "It is made.",
                        "headers": {"ETag": {"required": True, "schema": {"type": "string"}}},
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}
                        },
                    },
                    "409": {
                        "description": "- `too_large`: It is too large\n- `known`: It is there",
                        "content": PROBLEM,
                    },
                },
            }
        },
        "/health": {"get": {"operationId": "get_health", "responses": {"200": {}}}},
    },
    "webhooks": {
        "thing.made": {
            "post": {
                "operationId": "receive_thing_made",
                "parameters": [
                    {"name": "webhook-id", "in": "header", "required": True, "schema": {}},
                    {"name": "webhook-more", "in": "header", "required": False, "schema": {}},
                ],
                "requestBody": {"required": True, "content": EVENT},
                "responses": {
                    "200": {
                        "headers": {"X-Taken": {"required": True, "schema": {"type": "string"}}},
                        "content": {"text/plain": {"schema": {"type": "string"}}},
                    },
                    "410": {},
                },
            }
        }
    },
    "components": {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        "schemas": {
            "ThingIn": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string"},
                    "note": {"type": "string", "default": "none"},
                    "it": {},
                },
                "required": ["name"],
            },
            "Thing": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "note": {"type": "string"},
                    "place": {"$ref": "#/components/schemas/Place"},
                    "it": {},
                },
                "required": ["name", "place"],
            },
            "Place": {
                "type": "object",
                "properties": {
                    "room": {"type": "string"},
                    "inside": {"anyOf": [{"$ref": "#/components/schemas/Place"}, {"type": "null"}]},
                },
                "required": ["room"],
            },
            "ThingMade": {
                "type": "object",
                "properties": {"thing": {"type": "string"}},
                "required": ["thing"],
            },
            "Problem": {"type": "object", "properties": {"code": {"type": "string"}}},
            "Cat": {
                "type": "object",
                "properties": {"kind": {"const": "cat"}, "name": {"type": "string"}},
                "required": ["kind"],
            },
            "Dog": {
                "type": "object",
                "properties": {"kind": {"const": "dog"}},
                "required": ["kind"],
            },
        },
    },
}


def changed(*writes: tuple[str, Json], document: Mapping[str, Json] = SMALL) -> dict[str, Json]:
    """Return a copy with values written to JSON pointers; `GONE` takes away, ``-`` appends."""
    copied: dict[str, Json] = copy.deepcopy(dict(document))
    for pointer, value in writes:
        *path, last = (
            name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]
        )
        inside = copied
        for name in path:
            inside = inside[int(name) if isinstance(inside, list) else name]
        _write(inside, last, copy.deepcopy(value) if value is not GONE else GONE)
    return copied


def with_schema(schema: Json, model: str) -> dict[str, Json]:
    """Return a copy where the property ``it`` of ThingIn or Thing is of the schema."""
    return changed((f"/components/schemas/{model}/properties/it", schema))


def _write(inside: Any, name: str, value: Json) -> None:
    key = int(name) if isinstance(inside, list) and name != "-" else name
    if value is GONE:
        del inside[key]
    elif key == "-":
        inside.append(value)
    else:
        inside[key] = value
