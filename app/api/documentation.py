"""Interactive documentation at /docs. Every file it needs is served from here: no internet."""

import json
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.staticfiles import StaticFiles

from app.api.example_stock import ExampleStock
from app.api.openapi import document

PAGE_PATH = "/docs"
ASSETS_PATH = f"{PAGE_PATH}/assets"
STOCKED_PATH = f"{PAGE_PATH}/openapi.json"

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "frame-ancestors 'none'",
    )
)
"""Browsers refuse whatever the page would fetch from elsewhere; it starts itself by a script."""

SETTINGS = {
    "deepLinking": True,
    "displayRequestDuration": True,
    "filter": True,
    "persistAuthorization": True,
    "tryItOutEnabled": True,
    "validatorUrl": None,
}


def install_documentation(app: FastAPI, stock: ExampleStock | None = None) -> None:
    """Serve Swagger UI at /docs, from the files of a package.

    With a stock its examples name what is there, in a document of the page's own.
    """

    async def get_documentation() -> Response:
        page = get_swagger_ui_html(
            openapi_url="/openapi.json" if stock is None else STOCKED_PATH,
            title=app.title,
            swagger_js_url=f"{ASSETS_PATH}/swagger/swagger-ui-bundle.js",
            swagger_css_url=f"{ASSETS_PATH}/swagger/swagger-ui.css",
            swagger_favicon_url=f"{ASSETS_PATH}/fastapi/favicon.png",
            swagger_ui_parameters=SETTINGS,
        )
        page.headers["Content-Security-Policy"] = POLICY
        return page

    app.add_api_route(
        PAGE_PATH, get_documentation, name="get_documentation", include_in_schema=False
    )
    if stock is not None:
        _install_stocked_document(app, stock)
    assets = Path(str(files("fastapi_standalone_docs"))) / "static"
    app.mount(ASSETS_PATH, StaticFiles(directory=assets), name="documentation_assets")


def _install_stocked_document(app: FastAPI, stock: ExampleStock) -> None:
    async def get_stocked_document() -> Response:
        text = json.dumps(stock.adapted(document(app)), ensure_ascii=False)
        return Response(text, media_type="application/json")

    app.add_api_route(
        STOCKED_PATH, get_stocked_document, name="get_stocked_document", include_in_schema=False
    )
