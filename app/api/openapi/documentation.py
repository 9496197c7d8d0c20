"""Interactive documentation at /docs. Every file it needs is served from here: no internet."""

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from html import escape
from importlib.resources import files
from importlib.resources.abc import Traversable
from mimetypes import guess_type
from typing import Any, TypeVar

from fastapi import FastAPI

from app.api.openapi.document import compact_json, document
from app.api.openapi.examples import STEM
from app.api.resources.examples import MONTH
from app.api.static_content import REVALIDATE, StaticContent, add_static_route

WRITTEN_ON = date(2026, 9, 15)
"""The day the examples speak of as today."""

_STEM = re.compile(rf"\b{STEM}(?=[a-z])")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleStock:
    """What stands where the document's examples name something.

    ``stem`` begins the names of orders and keys; ``ids`` has what the service made itself, by what
    stands for it in the document, and may be filled while the service runs; ``today`` in Shanghai.
    """

    stem: str
    ids: Mapping[str, str]
    today: date

    def adapted(self, value: T) -> T:
        """Return a document, or a part of one, with examples of what is in stock."""
        return _adapted(value, self, in_example=False)  # type: ignore[no-any-return]

    def of(self, example: Any) -> Any:
        """Return one example as it is in stock."""
        return _adapted(example, self, in_example=True)

    def text(self, text: str) -> str:
        """Return a text of an example: names of the stock in it, and its days as long ago."""
        if text in self.ids:
            return self.ids[text]
        days = self.today - WRITTEN_ON
        if text == MONTH:
            return f"{WRITTEN_ON + days:%Y-%m}"
        return _INSTANT.sub(lambda found: _later(found[0], days), _STEM.sub(self.stem, text))


def _adapted(value: Any, stock: ExampleStock, *, in_example: bool) -> Any:
    if isinstance(value, dict):
        return {
            name: _adapted(inner, stock, in_example=in_example or name in {"example", "examples"})
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_adapted(inner, stock, in_example=in_example) for inner in value]
    return stock.text(value) if in_example and isinstance(value, str) else value


def _later(instant: str, days: timedelta) -> str:
    return (datetime.fromisoformat(instant) + days).isoformat()


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
            _describe_example(parameter)
    return StaticContent.of(compact_json(shown), "application/json", cache_control=REVALIDATE)


def _describe_example(parameter: dict[str, Any]) -> None:
    """Swagger UI fills in what is required, and offers choices; it shows no other examples."""
    schema = parameter["schema"]
    if parameter["required"] or "$ref" in schema or schema["type"] == "boolean":
        return
    example = schema["examples"][0]
    text = example if isinstance(example, str) else json.dumps(example)
    hint = f"For example `{text}`."
    parameter["description"] = f"{parameter.get('description', '')} {hint}".strip()
