"""A document without its texts: what clients depend on, in a form that stays the same for long."""

import json
import re
from collections.abc import Mapping

from tools.contract.documents import Json

PROBLEM_CODES = "x-problem-codes"
"""The codes that the released text of a response names, as a member of its own."""

EVENT_DATA = "x-event-data"

_TEXTS = frozenset({"description", "summary", "title", "example", "examples", "externalDocs"})
_KEPT_EXTENSIONS = frozenset({PROBLEM_CODES, EVENT_DATA})
_VALUES = frozenset(
    {"default", "enum", "const", "required", "security", "servers", "discriminator"}
)
# Their members are names somebody chose, and `title` among them is no text.
_MAPS_OF_NAMES = frozenset(
    {
        "callbacks",
        "content",
        "headers",
        "parameters",
        "paths",
        "patternProperties",
        "properties",
        "requestBodies",
        "responses",
        "schemas",
        "securitySchemes",
        "webhooks",
    }
)
_DEPTH_OF_LINES = 3
_CODE = re.compile(r"^- `(\w+)`", re.MULTILINE)


def compact(document: Mapping[str, Json]) -> dict[str, Json]:
    """Return the document without texts and examples, problems' codes kept; twice is as once."""
    kept = {name: value for name, value in document.items() if name not in {"info", "tags"}}
    info = {"version": document["info"]["version"]}
    return {"info": info, **_members(kept)}


def compact_text(document: Mapping[str, Json]) -> str:
    """Return the compact form as it is kept in a file: sorted, a line an operation or model."""
    return _written(compact(document), depth=0) + "\n"


def _written(value: Json, *, depth: int) -> str:
    if depth == _DEPTH_OF_LINES or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    lines = (
        f"{json.dumps(name, ensure_ascii=False)}: {_written(inner, depth=depth + 1)}"
        for name, inner in sorted(value.items())
    )
    return "{\n" + ",\n".join(lines) + "\n}"


def _compact(value: Json, name: str) -> Json:
    if name in _VALUES:
        return value
    if isinstance(value, list):
        return [_compact(inner, "") for inner in value]
    if not isinstance(value, dict):
        return value
    if name == "responses":
        return {status: _response(response) for status, response in value.items()}
    if name in _MAPS_OF_NAMES:
        return {key: _compact(inner, "") for key, inner in value.items()}
    return _members(value)


def _members(value: Mapping[str, Json]) -> dict[str, Json]:
    return {name: _compact(inner, name) for name, inner in value.items() if _is_kept(name)}


def _is_kept(name: str) -> bool:
    return name not in _TEXTS and (not name.startswith("x-") or name in _KEPT_EXTENSIONS)


def _response(response: Mapping[str, Json]) -> dict[str, Json]:
    codes = _CODE.findall(response.get("description", ""))
    named = {PROBLEM_CODES: sorted(codes)} if codes else {}
    return {**_members(response), **named}
