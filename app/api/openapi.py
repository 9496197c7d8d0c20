"""The OpenAPI document: made from the routes, exported to openapi.json, checked for drift."""

import json
import re
from typing import Any

from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode
from starlette.requests import Request

from app.api.problems import Problem
from app.api.wire.imports import ImportLine, ImportResult

DESCRIPTION = """\
Opens the after-sales entry again for one order past the after-sales period, runs the tickets that
come of it, and keeps an operation log of everything.

Every answer other than 2xx is a problem (RFC 9457, `application/problem+json`) with a stable
`code`. Texts of problems and messages follow `Accept-Language` (`zh-CN`, `en`). Clients must ignore
response fields they do not know. Instants are RFC 3339 with a zone, amounts are minor units.
"""

SCHEMA_REF = "#/components/schemas/{model}"


def install_openapi(app: FastAPI) -> None:
    """Serve the document at /openapi.json."""

    async def get_document() -> Response:
        return Response(document_text(app), media_type="application/json")

    app.add_api_route(
        "/openapi.json", get_document, name="get_openapi_document", include_in_schema=False
    )


def document_text(app: FastAPI) -> str:
    """Return the document as it is kept in the repo."""
    return json.dumps(document(app), ensure_ascii=False, indent=2) + "\n"


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of an application."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=DESCRIPTION,
            routes=app.routes,
            servers=[{"url": "/"}],
        )
        _add_schemas(schema)
        _leave_out_null_parameters(schema)
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


def _add_schemas(schema: dict[str, Any]) -> None:
    """Bring along what routes only refer to: problems, and the lines of NDJSON bodies."""
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for model, mode in _REFERRED_TO:
        found = model.model_json_schema(mode=mode, ref_template=SCHEMA_REF)
        for name, definition in found.pop("$defs", {}).items():
            schemas.setdefault(name, definition)
        schemas[model.__name__] = found
    schema["components"]["schemas"] = dict(sorted(schemas.items()))


_REFERRED_TO: tuple[tuple[type[BaseModel], JsonSchemaMode], ...] = (
    (Problem, "serialization"),
    (ImportLine, "validation"),
    (ImportResult, "serialization"),
)
