"""Interactive documentation at /docs. Every file it needs is served from here: no internet."""

import copy
import json
from functools import partial
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from mimetypes import guess_type
from typing import Any

from fastapi import FastAPI

from app.api.openapi.document import compact_json, document
from app.api.openapi.example_stock import ExampleStock
from app.api.static_content import REVALIDATE, StaticContent, add_static_route

POLICY = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "frame-ancestors 'none'",
    )
)
"""Browsers refuse whatever the page would fetch from elsewhere, and scripts within it."""

_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" type="image/png" href="/docs/assets/fastapi/favicon.png">
<link rel="stylesheet" href="/docs/assets/swagger/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/assets/swagger/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_ASSETS = ("fastapi/favicon.png", "swagger/swagger-ui.css", "swagger/swagger-ui-bundle.js")


def install_documentation(app: FastAPI, stock: ExampleStock | None = None) -> None:
    """Serve Swagger UI at /docs, from the files of a package, and the document as it shows it.

    With a stock its examples name what is there.
    """
    page = _PAGE.format(title=escape(app.title))
    policy = {"Content-Security-Policy": POLICY}
    add_static_route(
        app, "/docs", lambda: StaticContent.of(page, "text/html; charset=utf-8", headers=policy)
    )
    add_static_route(
        app, "/docs/start.js", partial(_file, files("app.api.openapi") / "documentation.js")
    )
    add_static_route(
        app, "/docs/openapi.json", lambda: _document_as_shown(app, stock), once=stock is None
    )
    assets = files("fastapi_standalone_docs") / "static"
    for name in _ASSETS:
        add_static_route(app, f"/docs/assets/{name}", partial(_file, assets / name))


def _file(file: Traversable) -> StaticContent:
    return StaticContent.of(file.read_bytes(), guess_type(file.name)[0] or "text/plain")


def _document_as_shown(app: FastAPI, stock: ExampleStock | None) -> StaticContent:
    """Return the document, telling of optional parameters what the page would not show."""
    whole = document(app)
    shown: dict[str, Any] = copy.deepcopy(whole) if stock is None else stock.adapted(whole)
    operations = [operation for item in shown["paths"].values() for operation in item.values()]
    parameters = [one for operation in operations for one in operation.get("parameters", [])]
    for parameter in (*parameters, *shown["components"]["parameters"].values()):
        if "$ref" not in parameter:
            _tell_example(parameter)
    return StaticContent.of(compact_json(shown), "application/json", cache_control=REVALIDATE)


def _tell_example(parameter: dict[str, Any]) -> None:
    """Swagger UI fills in what is required, and offers choices; it shows no other examples."""
    schema = parameter["schema"]
    if parameter["required"] or "$ref" in schema or schema["type"] == "boolean":
        return
    example = schema["examples"][0]
    text = example if isinstance(example, str) else json.dumps(example)
    told = f"For example `{text}`."
    parameter["description"] = f"{parameter.get('description', '')} {told}".strip()
