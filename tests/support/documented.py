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
        return [
            f"{method} {path}: {status} {code}"
            for method, path, status, code in sorted(self._seen, key=str)
            if (operation := _operations_at(path).get(method.lower())) is not None
            if not _named(operation["responses"].get(str(status)), code)
        ]


@cache
def _operations_at(path: str) -> dict[str, Any]:
    """Return the operations of a path by method: where several templates fit, the most literal."""
    fitting = [
        (template.count("{"), -len(template), template)
        for template in _documented_paths()
        if re.fullmatch(_pattern(template), path)
    ]
    found: dict[str, Any] = _documented_paths()[min(fitting)[-1]] if fitting else {}
    return found


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
