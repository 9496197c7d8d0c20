"""Tries every example of a running documentation, as its page does, and says how each ended."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx

from tests.support.operations import ROLES

_ORDER = ("merchant", "consumer", "platform")
"""Whose key is taken where several may ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An operation that was asked for with its example, and what came of it."""

    name: str
    status: int
    text: str


def keys_in(printed: str) -> dict[str, str]:
    """Return the keys a demo printed, by role."""
    found = re.findall(r"Key of the (platform|merchant|consumer)[^:]*: (\S+)", printed)
    return dict(found)


def try_all(url: str, document: dict[str, Any], keys: Mapping[str, str]) -> list[Tried]:
    """Ask for every operation in the document's order, filled in as the page fills it in."""
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        return [
            _tried(client, method, path, operation, keys)
            for path, item in document["paths"].items()
            for method, operation in item.items()
        ]


def _role_of(operation: str) -> str | None:
    """Return whose key is taken; of shops in test mode the platform's, the merchant has another."""
    roles = ROLES[operation] & {"platform"} if "test_clock" in operation else ROLES[operation]
    return next((role for role in _ORDER if role in roles), None)


def _tried(
    client: httpx.Client,
    method: str,
    path: str,
    operation: dict[str, Any],
    keys: Mapping[str, str],
) -> Tried:
    headers, content = {}, None
    role = _role_of(operation["operationId"])
    if role is not None:
        headers["Authorization"] = f"Bearer {keys[role]}"
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", quote(parameter["example"]))
        elif parameter["in"] == "header" and "example" in parameter:
            headers[parameter["name"]] = parameter["example"]
    for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
        headers["Content-Type"] = media_type
        example = body["example"]
        content = example if isinstance(example, str) else json.dumps(example)
    with client.stream(method.upper(), path, headers=headers, content=content) as answer:
        endless = answer.headers.get("content-type", "").startswith("text/event-stream")
        text = "" if endless else answer.read().decode()
    return Tried(name=operation["operationId"], status=answer.status_code, text=text)
