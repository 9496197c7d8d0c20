"""Interactive documentation at /docs. Every file it needs is served from here: no internet."""

import copy
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response
from starlette.responses import HTMLResponse, JSONResponse
from starlette.staticfiles import StaticFiles

from app.api.openapi.document import document
from app.api.openapi.documentation_page import page_text, script_text
from app.api.openapi.example_stock import ExampleStock

PAGE_PATH = "/docs"
ASSETS_PATH = f"{PAGE_PATH}/assets"
SCRIPT_PATH = f"{PAGE_PATH}/start.js"
DOCUMENT_PATH = f"{PAGE_PATH}/openapi.json"

POLICY = "; ".join(
    (
        "default-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "frame-ancestors 'none'",
    )
)
"""Browsers refuse whatever the page would fetch from elsewhere, and scripts within it."""


def install_documentation(app: FastAPI, stock: ExampleStock | None = None) -> None:
    """Serve Swagger UI at /docs, from the files of a package, and the document as it shows it.

    With a stock its examples name what is there.
    """
    page = page_text(title=app.title, assets=ASSETS_PATH, script=SCRIPT_PATH)
    script = script_text(document=DOCUMENT_PATH)

    async def get_documentation() -> Response:
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})

    async def get_documentation_script() -> Response:
        return Response(script, media_type="text/javascript")

    async def get_document_as_shown() -> Response:
        return JSONResponse(_document_as_shown(app, stock))

    for path, route in (
        (PAGE_PATH, get_documentation),
        (SCRIPT_PATH, get_documentation_script),
        (DOCUMENT_PATH, get_document_as_shown),
    ):
        app.add_api_route(path, route, name=route.__name__, include_in_schema=False)
    assets = Path(str(files("fastapi_standalone_docs"))) / "static"
    app.mount(ASSETS_PATH, StaticFiles(directory=assets), name="documentation_assets")


def _document_as_shown(app: FastAPI, stock: ExampleStock | None) -> dict[str, Any]:
    """Return the document, telling of optional parameters what the page would not show."""
    whole = document(app)
    shown: dict[str, Any] = copy.deepcopy(whole) if stock is None else stock.adapted(whole)
    for item in shown["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", []):
                _tell_example(parameter)
    return shown


def _tell_example(parameter: dict[str, Any]) -> None:
    """Swagger UI fills in what is required, and offers choices; it shows no other examples."""
    schema = parameter["schema"]
    if parameter["required"] or "$ref" in schema or schema["type"] == "boolean":
        return
    example = schema["examples"][0]
    text = example if isinstance(example, str) else json.dumps(example)
    told = f"For example `{text}`."
    parameter["description"] = f"{parameter.get('description', '')} {told}".strip()
