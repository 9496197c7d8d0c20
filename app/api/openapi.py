"""The OpenAPI document: made from the routes, exported to openapi.json, checked for drift."""

import json
from typing import Any

from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi

from app.api.problems import Problem

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
        _add_problem_schemas(schema)
        app.openapi_schema = schema
    return app.openapi_schema


def _add_problem_schemas(schema: dict[str, Any]) -> None:
    """Problems are declared by reference, in their own media type, so they are brought along."""
    problem = Problem.model_json_schema(mode="serialization", ref_template=SCHEMA_REF)
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for name, definition in problem.pop("$defs").items():
        schemas.setdefault(name, definition)
    schemas["Problem"] = problem
