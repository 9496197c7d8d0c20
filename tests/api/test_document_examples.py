"""Whatever is asked for has an example in the document, and every example is what it stands for."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator

from tests.cli.command_server import REPOSITORY
from tests.support.inlined import inlined

WHOLE = inlined(json.loads((REPOSITORY / "openapi.json").read_text("utf-8")))
OPERATIONS = {
    operation["operationId"]: operation
    for item in WHOLE["paths"].values()
    for operation in item.values()
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_parameter_and_body_has_an_example_that_fits_its_schema(name: str) -> None:
    for what, example, schema in _examples(OPERATIONS[name]):
        assert _faults(example, schema) == [], f"{what}: {example}"


def test_what_has_no_example_or_one_that_does_not_fit_is_found() -> None:
    parameter = {"name": "shop_id", "in": "path", "required": True, "schema": {"type": "string"}}
    with pytest.raises(KeyError):
        list(_examples({"parameters": [parameter]}))
    with pytest.raises(KeyError):
        list(_examples({"parameters": [{**parameter, "required": False}]}))
    ((_, example, schema),) = _examples({"parameters": [{**parameter, "example": 7}]})
    assert _faults(example, schema) == ['7 is not of type "string"']
    schema = {"$ref": "#/components/schemas/ShipmentBody"}
    assert _faults({"shipped_at": "yesterday"}, schema) == ['"yesterday" is not a "date-time"']


def test_what_must_be_given_is_filled_in_and_what_may_be_left_out_is_only_shown() -> None:
    for operation in OPERATIONS.values():
        for parameter in operation.get("parameters", []):
            assert ("example" in parameter) is parameter["required"], parameter["name"]
            assert "example" not in parameter["schema"]


def _examples(operation: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Find what an operation is asked with, each with its examples and its schema."""
    for parameter in operation.get("parameters", []):
        schema = parameter["schema"]
        given = [parameter["example"]] if parameter["required"] else schema["examples"]
        for example in given:
            yield parameter["name"], example, schema
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield media_type, content["example"], content["schema"]


def _faults(example: Any, schema: dict[str, Any]) -> list[str]:
    """Return what is wrong with an example."""
    within = {**schema, "components": WHOLE["components"]}
    validator = Draft202012Validator(within, validate_formats=True)
    return [error.message for error in validator.iter_errors(example)]
