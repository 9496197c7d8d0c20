"""Holds every answer a test got against the OpenAPI document of the service."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from app.api.openapi.document import document
from app.main import build_app
from app.settings import Settings
from tests.support.inlined import inlined

UNDECLARED = frozenset(
    {
        *("content-type", "content-length", "transfer-encoding", "date", "connection"),
        # The same on every answer, so the document says it once, in its description.
        *("cache-control", "x-content-type-options"),
        # To proxies, not to clients.
        "x-accel-buffering",
    }
)
"""Headers no operation declares: HTTP's own, and what is for everybody or for nobody."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the document must know of an answer."""

    method: str
    path: str
    status: int
    code: str | None
    headers: frozenset[str]


class Answers:
    """Listens to all answers a client gets."""

    def __init__(self) -> None:
        self._seen: set[Answered] = set()

    async def hear(self, answer: httpx.Response) -> None:
        """Note what was answered to what."""
        await answer.aread()
        path = answer.request.url.path
        code = None
        is_problem = answer.headers.get("content-type") == "application/problem+json"
        if is_problem and answer.request.method != "HEAD":
            code = answer.json()["code"]
        names = frozenset(name.lower() for name in answer.headers) - UNDECLARED
        self._seen.add(Answered(answer.request.method, path, answer.status_code, code, names))

    def undocumented(self) -> list[str]:
        """Return what in answers of documented operations departs from the document."""
        return [
            f"{one.method} {one.path}: {one.status} {one.code} {departure}"
            for one in sorted(self._seen, key=str)
            if (operation := _operations_at(one.path).get(one.method.lower())) is not None
            if (departure := _departure(operation["responses"].get(str(one.status)), one))
        ]


def headers_of(response: dict[str, Any]) -> dict[str, bool]:
    """Return the headers a response declares, in lower case, each with whether it must be there."""
    components = _document()["components"]["headers"]
    return {
        name.lower(): components[header["$ref"].rpartition("/")[2]]["required"]
        for name, header in response.get("headers", {}).items()
    }


def _departure(response: dict[str, Any] | None, answered: Answered) -> str | None:
    if response is None:
        return "no such status"
    if answered.code is not None and f"`{answered.code}`" not in response["description"]:
        return "no such code"
    declared = headers_of(response)
    required = {name for name, is_required in declared.items() if is_required}
    lacking, unknown = required - answered.headers, answered.headers - declared.keys()
    if not lacking and not unknown:
        return None
    return f"lacks the headers {sorted(lacking)}, has the undeclared {sorted(unknown)}"


@cache
def _operations_at(path: str) -> dict[str, Any]:
    """Return the operations of a path by method: where several templates fit, the most literal."""
    paths = _document()["paths"]
    fitting = [
        (template.count("{"), -len(template), template)
        for template in paths
        if re.fullmatch(_pattern(template), path)
    ]
    found: dict[str, Any] = paths[min(fitting)[-1]] if fitting else {}
    return found


@cache
def _document() -> dict[str, Any]:
    return inlined(document(build_app(Settings(_env_file=None))))


def _pattern(template: str) -> str:
    return re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(template))
