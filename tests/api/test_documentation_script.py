"""The script of /docs: it resolves the document as it is meant, and finds operations by words."""

import json
from typing import Any

import pytest

from tests.support.inlined import inlined
from tests.support.tools import PROJECT, required_tool, run

DOCUMENT = PROJECT / "openapi.json"
SCRIPT = PROJECT / "app" / "api" / "openapi" / "documentation.js"
PHRASES = ("售后入口", "refund", "GET_STATEMENT", "cursor nowhere", "ledger  export", "")


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """Return what the script makes of the document."""
    beside = str(PROJECT / "tests" / "api" / "documentation_script.js")
    text = run(required_tool("node"), beside, str(SCRIPT), str(DOCUMENT), *PHRASES)
    found: dict[str, Any] = json.loads(text, parse_int=float)  # as JavaScript has it
    return found


def test_a_search_finds_operations_and_webhooks_by_path_name_and_text(made: dict[str, Any]) -> None:
    found = {phrase: set(made["found"][phrase]["operations"]) for phrase in PHRASES}
    assert {"get_after_sales_entry", "open_after_sales_entry"} <= found["售后入口"]
    assert {"request_refund", "list_refunds", "get_funds"} <= found["refund"]
    assert "list_devices" not in found["refund"]
    assert found["GET_STATEMENT"] == {"get_statement"}
    assert found["cursor nowhere"] == set()
    assert found["ledger  export"] == {"export_ledger"}
    assert len(found[""]) == len(made["resolved"])
    assert "entry.opened" in made["found"]["售后入口"]["webhooks"]
    assert "refund.failed" not in made["found"]["售后入口"]["webhooks"]


def test_every_operation_is_resolved_as_the_document_means_it(made: dict[str, Any]) -> None:
    whole = json.loads(DOCUMENT.read_text("utf-8"), parse_int=float)
    operations = [
        operation for item in inlined(whole)["paths"].values() for operation in item.values()
    ]
    assert made["resolved"] == [_resolved(operation, whole) for operation in operations]
    assert '"$ref"' not in json.dumps(made["resolved"])


def _resolved(value: Any, whole: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_resolved(item, whole) for item in value]
    if not isinstance(value, dict):
        return value
    members = {name: _resolved(item, whole) for name, item in value.items() if name != "$ref"}
    if "$ref" in value:
        section, name = value["$ref"].removeprefix("#/components/").split("/")
        return {**_resolved(whole["components"][section][name], whole), **members}
    return members
