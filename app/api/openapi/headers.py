"""Declares in the document the headers of whatever is granted; problems bring theirs along."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.api.problems.catalog import PROBLEMS
from app.api.resources.common import InOneLanguage

REF = "#/components/headers/"

ALWAYS = ("X-Request-Id", "Vary")
"""On every answer; so are `Cache-Control` and `X-Content-Type-Options`, which say always the same.
"""
COUNTED = ("RateLimit", "RateLimit-Policy")
"""On every answer of an operation that needs a credential."""

_MAYBE_UNCOUNTED = frozenset({400, 500, 503})
"""Requests that are not HTTP, or find no database, may be refused before they are counted."""


def references(names: Iterable[str], *, optional: bool = False) -> dict[str, Any]:
    """Declare headers by name; ``optional``: they are not on every such answer."""
    return {name: {"$ref": REF + _component(name, optional=optional)} for name in names}


def headers_of_problem(
    status: int, codes: Collection[str], *, counted: bool
) -> dict[str, dict[str, str]]:
    """Declare what a refused request's answer carries, for the problems of one status.

    ``counted``: whether the operation is limited at all.
    """
    declared = references((*ALWAYS, "Content-Language"))
    if counted:
        declared |= references(COUNTED, optional=status in _MAYBE_UNCOUNTED)
    if "unauthenticated" in codes:
        declared |= references(["WWW-Authenticate"])
    repeatable = [PROBLEMS[code].repeatable for code in codes]
    if any(repeatable):
        declared |= references(["Retry-After"], optional=not all(repeatable))
    return declared


def header_components() -> dict[str, Any]:
    """Return `components.headers`."""
    optional = {
        _component(name, optional=True): {**_HEADERS[name], "required": False}
        for name in (*COUNTED, "Retry-After")
    }
    return dict(sorted({**_HEADERS, **optional}.items()))


def _component(name: str, *, optional: bool) -> str:
    return f"{name}-Optional" if optional else name


def _header(description: str, *, required: bool = True, **schema: Any) -> dict[str, Any]:
    return {
        "description": description,
        "required": required,
        "schema": {"type": "string", **schema},
    }


_HEADERS: Mapping[str, dict[str, Any]] = {
    "X-Request-Id": _header(
        "What this request is known by in logs and events: the caller's own `X-Request-Id`, if it "
        "was a plain word.",
        pattern=r"^[A-Za-z0-9._-]{1,64}$",
    ),
    "Vary": _header("`Accept-Language`: texts depend on it.", examples=["Accept-Language"]),
    "Content-Language": _header("The language texts are in: `zh-CN` or `en`.", examples=["zh-CN"]),
    "ETag": _header(
        "The version of the resource as shown; pass it back in `If-Match`.",
        pattern=r'^"[0-9]{1,18}"$',
        examples=['"7"'],
    ),
    "Idempotency-Replayed": _header(
        "`true`: this is the answer the key got before. Absent from a first answer.",
        required=False,
        enum=["true"],
    ),
    "RateLimit": _header(
        "How many requests are left (`r`) until the window ends, in `t` seconds.",
        examples=['"default";r=599;t=60'],
    ),
    "RateLimit-Policy": _header(
        "How many requests (`q`) a window of `w` seconds has.",
        examples=['"default";q=600;w=60'],
    ),
    "Retry-After": _header(
        "Seconds after which the same request may succeed.", type="integer", minimum=1
    ),
    "WWW-Authenticate": _header("`Bearer`: how to show who is asking.", examples=["Bearer"]),
    "Content-Disposition": _header(
        "A name to keep the file under.", examples=['attachment; filename="tickets.csv"']
    ),
    "Content-Security-Policy": _header("What the page may do: show itself, and nothing else."),
    "Link": _header(
        '`rel="next"`: where the rest is, if there are more rows than one export takes.',
        required=False,
    ),
    "Next-Cursor": _header("The `cursor` of that rest; absent if this is all.", required=False),
}


_KEPT_REFUSALS = ("409", "422")
"""Statuses of refusals that are answered again under the same key."""


def add_headers(schema: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    """Declare headers of every operation: what an answer carries follows from what it is.

    A model with a version has an ETag, one with texts a language; operations that need a credential
    count requests; and those that take a key may replay answers.
    """
    localized = _localized(routes)
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            is_localized = (path, method.upper()) in localized
            _declare(operation, schema["components"]["schemas"], is_localized=is_localized)
    schema["components"]["headers"] = header_components()


def _declare(operation: dict[str, Any], schemas: Mapping[str, Any], *, is_localized: bool) -> None:
    names = [*ALWAYS, *(COUNTED if "security" in operation else ())]
    takes_key = any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ()))
    for status, response in operation["responses"].items():
        headers = response.setdefault("headers", {})
        if status < "400":
            headers |= references(names)
            headers |= references(["ETag"] if _is_versioned(response, schemas) else [])
            headers |= references(["Content-Language"] if is_localized else [])
        if takes_key and (status < "400" or status in _KEPT_REFUSALS):
            headers |= references(["Idempotency-Replayed"])


def _is_versioned(response: Mapping[str, Any], schemas: Mapping[str, Any]) -> bool:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    model = schemas.get(schema.get("$ref", "").rpartition("/")[2], {})
    return "version" in model.get("properties", {})


def _localized(routes: Sequence[BaseRoute]) -> set[tuple[str, str]]:
    """Return path and method of every route whose model has texts in one language."""
    return {
        (route.path_format, method)
        for route in routes
        if isinstance(route, APIRoute)
        and isinstance(route.response_model, type)
        and issubclass(route.response_model, InOneLanguage)
        for method in route.methods or ()
    }
