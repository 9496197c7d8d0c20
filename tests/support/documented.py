"""Holds every answer a test got against the OpenAPI document of the service."""

import re
from functools import cache
from typing import Any

import httpx

from app.api.openapi import document
from app.main import build_app
from app.settings import Settings


class Answers:
    """Listens to all answers a client gets."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str, int, str | None]] = set()

    async def hear(self, answer: httpx.Response) -> None:
        """Note what was answered to what."""
        await answer.aread()
        path = answer.request.url.raw_path.decode().partition("?")[0]
        code = None
        if answer.headers.get("content-type") == "application/problem+json":
            code = answer.json()["code"]
        self._seen.add((answer.request.method, path, answer.status_code, code))

    def undocumented(self) -> list[str]:
        """Return every answer of a documented operation that the document does not name."""
        operations = [
            (method.upper(), re.compile(_pattern(template)), operation["responses"])
            for template, item in _documented_paths().items()
            for method, operation in item.items()
        ]
        return [
            f"{method} {path}: {status} {code}"
            for method, path, status, code in sorted(self._seen, key=str)
            for of_method, pattern, responses in operations
            if of_method == method and pattern.fullmatch(path)
            if not _named(responses.get(str(status)), code)
        ]


@cache
def _documented_paths() -> dict[str, Any]:
    paths: dict[str, Any] = document(build_app(Settings(_env_file=None)))["paths"]
    return paths


def _pattern(template: str) -> str:
    return re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(template))


def _named(response: dict[str, Any] | None, code: str | None) -> bool:
    if response is None:
        return False
    return code is None or f"`{code}`" in response["description"]
