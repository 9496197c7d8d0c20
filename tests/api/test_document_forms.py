"""The document is one that generators turn into good code, in each of its forms."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from app.api.openapi.document import compact_json
from app.api.openapi.forms import Form, client_document, document_3_0, document_in
from app.api.openapi.sharing import share_components
from tests.support.inlined import inlined

ROOT = Path(__file__).parents[2]
WHOLE = json.loads((ROOT / "openapi.json").read_text("utf-8"))
COMPACT_BYTES_MAX = 650_000


@pytest.mark.parametrize("form", Form)
def test_every_form_is_valid_and_defines_whatever_it_refers_to(form: Form) -> None:
    document = document_in(form, WHOLE)
    validate(document)
    assert document["openapi"] == ("3.0.3" if form is Form.CLIENT_3_0 else "3.1.0")
    for reference in _references(document):
        section, name = reference.removeprefix("#/components/").split("/")
        assert name in document["components"][section], reference


def test_an_optional_body_is_left_out_and_never_null() -> None:
    bodies = [
        operation["requestBody"]
        for item in WHOLE["paths"].values()
        for operation in item.values()
        if not operation.get("requestBody", {"required": True}).get("required", False)
    ]
    assert len(bodies) == 3
    assert all("$ref" in media["schema"] for one in bodies for media in one["content"].values())


def test_the_document_is_no_larger_than_agreed() -> None:
    assert len(compact_json(WHOLE).encode()) <= COMPACT_BYTES_MAX


def test_what_occurs_more_than_once_is_shared_and_means_the_same() -> None:
    def refusal(*codes: str, **headers: Any) -> dict[str, Any]:
        return {"description": "\n".join(f"- `{code}`: why" for code in codes), "headers": headers}

    def operation(parameters: list[Any], **responses: Any) -> dict[str, Any]:
        return {"parameters": parameters, "responses": responses}

    limit, other = ({"name": "limit", "in": "query", "example": number} for number in (1, 2))
    items = [
        operation([limit], r409=refusal("a", "b"), r404=refusal("a")),
        operation([limit, other], r409=refusal("a", "b"), r404=refusal("c")),
        operation([], r409=refusal("a", "b", ETag={})),
    ]
    document = {
        "paths": {"/a": {"get": items[0]}, "/b": {"get": items[1], "put": items[2]}},
        "webhooks": {},
        "components": {},
    }
    before = json.loads(json.dumps(document))
    share_components(document)
    shared = {"$ref": "#/components/responses/r409.a.b"}
    assert document["components"] == {
        "responses": {"r409.a.b": refusal("a", "b")},
        "parameters": {"query.limit": limit},
    }
    assert [item["responses"]["r409"] == shared for item in items] == [True, True, False]
    assert items[1]["parameters"] == [{"$ref": "#/components/parameters/query.limit"}, other]
    assert {**inlined(document), "components": {}} == before


def test_every_union_is_named_and_told_apart_by_a_required_constant() -> None:
    schemas = WHOLE["components"]["schemas"]
    unions = {name: schema for name, schema in schemas.items() if "oneOf" in schema}
    assert {"Payment", "PaymentIn", "BatchDecision"} <= set(unions)
    assert [path for path, _ in _unions(WHOLE)] == [
        f"/components/schemas/{name}" for name in sorted(unions)
    ]
    for name, union in unions.items():
        told_by, mapping = union["discriminator"]["propertyName"], union["discriminator"]["mapping"]
        assert set(mapping.values()) == {branch["$ref"] for branch in union["oneOf"]}, name
        for value, reference in mapping.items():
            member = schemas[reference.rpartition("/")[2]]
            assert told_by in member["required"], (name, value)
            assert member["properties"][told_by]["const"] == value
            assert "default" not in member["properties"][told_by]


def test_every_operation_belongs_to_one_group_that_is_explained() -> None:
    explained = [tag["name"] for tag in WHOLE["tags"]]
    assert all(tag["description"] for tag in WHOLE["tags"])
    used = [operation["tags"] for _, operation in _operations(WHOLE)]
    assert {len(tags) for tags in used} == {1}
    assert {tag for (tag,) in used} == set(explained)


def test_whole_numbers_are_whole_and_properties_do_not_repeat_their_names() -> None:
    for path, schema in _schemas(WHOLE):
        bounds = [schema.get(name) for name in ("minimum", "maximum")]
        assert all(isinstance(bound, int | None) for bound in bounds), path
        if "title" in schema:
            assert schema["title"] == path.rpartition("/")[2], path


def test_the_form_for_clients_leaves_out_webhooks_and_what_only_they_need() -> None:
    def body(name: str) -> dict[str, Any]:
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        return {"post": {"requestBody": {"content": content}}}

    reference = {"$ref": "#/components/schemas/Shared"}
    document: dict[str, Any] = {
        "paths": {"/a": body("A")},
        "webhooks": {"told": body("Told")},
        "components": {
            "schemas": {
                "A": {"type": "object", "properties": {"shared": reference}},
                "Told": {"type": "array", "items": {"anyOf": [reference, {"type": "null"}]}},
                "Shared": {"type": "string"},
                "Spoken": {"type": "string"},
            },
            "parameters": {"id": {"schema": {"type": "string"}}},
        },
    }
    document["webhooks"]["told"]["post"]["parameters"] = [{"$ref": "#/components/parameters/id"}]
    left = client_document(document)
    assert "webhooks" not in left
    assert set(left["components"]["schemas"]) == {"A", "Shared", "Spoken"}
    assert left["components"]["parameters"] == {}
    assert "Told" in document["components"]["schemas"], "the whole is left as it was"


REFERENCE = {"$ref": "#/components/schemas/A"}
OLDER = [
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string", "nullable": True}),
    (
        {"anyOf": [REFERENCE, {"type": "null"}], "description": "d"},
        {"allOf": [REFERENCE], "description": "d", "nullable": True, "type": "object"},
    ),
    (
        {"anyOf": [REFERENCE, {"type": "null"}]},
        {"allOf": [REFERENCE], "nullable": True, "type": "object"},
    ),
    (
        {"anyOf": [REFERENCE, {"type": "object"}, {"type": "null"}]},
        {"anyOf": [REFERENCE, {"type": "object"}], "nullable": True, "type": "object"},
    ),
    (REFERENCE, REFERENCE),
    ({**REFERENCE, "description": "d"}, {"allOf": [REFERENCE], "description": "d"}),
    ({"type": "string", "const": "x"}, {"type": "string", "enum": ["x"]}),
    ({"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "minimum": 0}),
    ({"type": "string", "contentMediaType": "text/csv"}, {"type": "string"}),
    ({"type": "string", "examples": ["a", "b"]}, {"type": "string", "example": "a"}),
]


@pytest.mark.parametrize(("schema", "older"), OLDER)
def test_a_schema_means_the_same_in_the_older_dialect(
    schema: dict[str, Any], older: dict[str, Any]
) -> None:
    wrapped = {"type": "object", "properties": {"it": schema, "all": {"items": schema}}}
    document = {"paths": {}, "components": {"schemas": {"A": wrapped}}}
    made = document_3_0(document)["components"]["schemas"]["A"]["properties"]
    for found in (made["it"], made["all"]["items"]):
        exclusive = found.pop("exclusiveMinimum", None)
        assert exclusive is (True if "exclusiveMinimum" in schema else None)
        assert found == older


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method} {path}", operation


def _unions(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Find what is one of several named models, wherever it stands."""
    if isinstance(value, dict):
        members = [*value.get("oneOf", []), *value.get("anyOf", [])]
        if sum("$ref" in member for member in members) > 1:
            yield path, value
        for name, inner in value.items():
            yield from _unions(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _unions(inner, f"{path}/{number}")


def _schemas(value: Any, path: str = "", *, named: bool = False) -> Iterator[tuple[str, Any]]:
    """Find every schema with where it stands."""
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _schemas(inner, f"{path}/{number}")
    elif isinstance(value, dict):
        if not named and {"type", "anyOf", "oneOf"} & set(value) and "url" not in value:
            yield path, value
        for name, inner in value.items():
            if name not in {"examples", "example", "default"} or named:
                names = not named and name in {"properties", "schemas"}
                yield from _schemas(inner, f"{path}/{name}", named=names)
