"""The OpenAPI document: made from the routes, exported to files, checked for drift."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode
from starlette.requests import Request

from app.api.openapi.examples import add_examples
from app.api.openapi.forms import client_document, document_3_0
from app.api.openapi.headers import add_headers
from app.api.openapi.rule_texts import add_callers, add_rule_texts
from app.api.openapi.tags import TAGS
from app.api.openapi.webhooks import add_webhooks
from app.api.problems.problem import Problem
from app.api.wire.imports import ImportLine, ImportResult

DESCRIPTION = """\
Opens the after-sales entry again for one order past the after-sales period, runs the tickets that
come of it, and keeps an operation log of everything.

Every answer other than 2xx is a problem (RFC 9457, `application/problem+json`) with a stable
`code`. Texts of problems and messages follow `Accept-Language` (`zh-CN`, `en`). No answer may be
stored (`Cache-Control: no-store`). Clients must ignore response fields and headers they do not
know. Instants are RFC 3339 with a zone, amounts are minor units.
"""

INT64_MAX = 2**63 - 1
"""The largest number that fits; as a float, which FastAPI makes of it, it is one too large."""
_BOUNDS = frozenset({"minimum", "maximum"})
_BARE_REFERENCE = re.compile(r'\{\n +("\$ref": "[^"\n]*")\n +\}')
SCHEMA_REF = "#/components/schemas/{model}"


def install_openapi(app: FastAPI) -> None:
    """Serve the document and its other forms by the names of their files."""

    texts: dict[str, str] = {}

    async def get_document(request: Request) -> Response:
        if not texts:
            texts.update(document_texts(app))
        text = texts[request.url.path.removeprefix("/")]
        return Response(text, media_type="application/json")

    for name in _FORMS:
        app.add_api_route(
            f"/{name}", get_document, name="get_openapi_document", include_in_schema=False
        )


def document_texts(app: FastAPI) -> dict[str, str]:
    """Return the document in each of its forms as it is kept in the repo, by the file's name."""
    whole = document(app)
    return {name: _text(form(whole)) for name, form in _FORMS.items()}


def _text(form: dict[str, Any]) -> str:
    """Write JSON indented, with each bare reference on one line: they are thousands."""
    text = json.dumps(form, ensure_ascii=False, indent=2)
    return _BARE_REFERENCE.sub(r"{\1}", text) + "\n"


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of an application."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=DESCRIPTION,
            routes=app.routes,
            servers=[{"url": "/"}],
            tags=list(TAGS),
        )
        _add_schemas(schema)
        add_headers(schema, app.routes)
        add_webhooks(schema)
        _tidy(schema["components"]["schemas"], at_name=True)
        _tidy(schema["paths"], at_name=False)
        _tidy(schema["webhooks"], at_name=False)
        _leave_out_null_parameters(schema)
        add_examples(schema)
        add_rule_texts(schema)
        add_callers(schema, app.routes)
        app.openapi_schema = schema
    return app.openapi_schema


def documented_methods(request: Request) -> list[str]:
    """Return the methods of the path a request came for; none if the path is not documented.

    Where several templates fit a path, the one with the fewest variable parts is meant.
    """
    fitting = [
        (template.count("{"), sorted(item))
        for template, item in document(request.app)["paths"].items()
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), request.scope["path"])
    ]
    return [method.upper() for method in min(fitting)[1]] if fitting else []


def _leave_out_null_parameters(schema: dict[str, Any]) -> None:
    """An optional parameter is left out; nobody can send null in a header or a query."""
    for item in schema["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", []):
                parameter["schema"] = _not_null(parameter["schema"])


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    branches = [branch for branch in schema.get("anyOf", []) if branch != {"type": "null"}]
    if len(branches) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name not in {"anyOf", "default"}}
    return {**branches[0], **rest}


def _tidy(value: Any, *, at_name: bool) -> None:
    """Take away what only repeats a property's name, and let whole numbers be whole.

    ``at_name``: whether the keys of ``value`` are names of schemas or properties, so that "title"
    among them is no keyword. A model's own title stays: it is how generators name it.
    """
    if isinstance(value, list):
        for inner in value:
            _tidy(inner, at_name=False)
        return
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        if not at_name and name in _BOUNDS and isinstance(inner, float) and inner.is_integer():
            value[name] = INT64_MAX if inner == 2.0**63 else int(inner)
        if isinstance(inner, dict) and (at_name or name == "schema") and _is_part(inner):
            inner.pop("title", None)
        if name not in {"examples", "example", "default"} or at_name:
            _tidy(inner, at_name=not at_name and name in {"properties", "schemas"})


def _is_part(schema: dict[str, Any]) -> bool:
    """Tell a property's or a parameter's schema from that of a named model."""
    return "properties" not in schema and not ("enum" in schema and "title" in schema)


def _add_schemas(schema: dict[str, Any]) -> None:
    """Bring along what routes only refer to: problems, and the lines of NDJSON bodies."""
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for model, mode in _REFERRED_TO:
        found = model.model_json_schema(mode=mode, ref_template=SCHEMA_REF)
        for name, definition in found.pop("$defs", {}).items():
            schemas.setdefault(name, definition)
        schemas[model.__name__] = found
    schema["components"]["schemas"] = dict(sorted(schemas.items()))


_FORMS: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "openapi.json": lambda whole: whole,
    "openapi.client.json": client_document,
    "openapi.client-3.0.json": lambda whole: document_3_0(client_document(whole)),
}
"""The files, each with what it makes of the whole document."""

_REFERRED_TO: tuple[tuple[type[BaseModel], JsonSchemaMode], ...] = (
    (Problem, "serialization"),
    (ImportLine, "validation"),
    (ImportResult, "serialization"),
)
