"""Interactive documentation at /docs. Every file it needs is served from here: no internet."""

from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

ASSETS_PATH = "/docs/assets"


def install_documentation(app: FastAPI) -> None:
    """Serve Swagger UI at /docs, from the files of a package."""

    async def get_documentation() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title=app.title,
            swagger_js_url=f"{ASSETS_PATH}/swagger/swagger-ui-bundle.js",
            swagger_css_url=f"{ASSETS_PATH}/swagger/swagger-ui.css",
            swagger_favicon_url=f"{ASSETS_PATH}/fastapi/favicon.png",
            swagger_ui_parameters={"displayRequestDuration": True},
        )

    app.add_api_route("/docs", get_documentation, name="get_documentation", include_in_schema=False)
    assets = Path(str(files("fastapi_standalone_docs"))) / "static"
    app.mount(ASSETS_PATH, StaticFiles(directory=assets), name="documentation_assets")
