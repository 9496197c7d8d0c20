"""Declares in the document the headers of whatever is granted; problems bring theirs along."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.api.openapi.response_headers import ALWAYS, COUNTED, header_components, references
from app.api.resources.common import InOneLanguage

_KEPT_REFUSALS = ("409", "422")
"""Statuses of refusals that are answered again under the same key."""


def add_headers(schema: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    """Declare headers of every operation: what an answer carries follows from what it is.

    A model with a version has an ETag, one with texts a language; whoever shows a credential is
    counted; and what takes a key may be replayed.
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
