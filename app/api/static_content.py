"""Content that does not change while a service runs: compressed once, with an ETag."""

import asyncio
import gzip
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from fastapi import FastAPI, Response
from starlette.requests import Request

CACHE = "public, max-age=300"
REVALIDATE = "no-cache"
"""For what depends on this run of the service: a browser keeps it, and asks each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticContent:
    """One resource in both encodings; ``tag`` is a digest of the content."""

    plain: bytes
    compressed: bytes
    tag: str
    headers: Mapping[str, str]

    @classmethod
    def of(
        cls,
        content: str | bytes,
        media_type: str,
        *,
        cache_control: str = CACHE,
        headers: Mapping[str, str] | None = None,
    ) -> "StaticContent":
        """Prepare content, which is text in UTF-8 or as it is."""
        plain = content.encode() if isinstance(content, str) else content
        return cls(
            plain=plain,
            compressed=gzip.compress(plain, mtime=0),
            tag=hashlib.sha256(plain).hexdigest()[:32],
            headers={
                "Content-Type": media_type,
                "Cache-Control": cache_control,
                "Vary": "Accept-Encoding",
                **(headers or {}),
            },
        )

    def response(self, request: Request) -> Response:
        """Answer a request in an encoding it accepts, or with 304 if the caller has that."""
        is_compressed = accepts_gzip(request.headers.get("accept-encoding", ""))
        tag = f'"{self.tag}-gzip"' if is_compressed else f'"{self.tag}"'
        headers = {**self.headers, "ETag": tag}
        known = request.headers.get("if-none-match", "").split(",")
        if {"*", tag} & {each.strip().removeprefix("W/") for each in known}:
            del headers["Content-Type"]
            return Response(status_code=304, headers=headers)
        if is_compressed:
            return Response(self.compressed, headers={**headers, "Content-Encoding": "gzip"})
        return Response(self.plain, headers=headers)


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether a caller's `Accept-Encoding` allows gzip (RFC 9110, 12.5.3)."""
    weights = {}
    for each in accept_encoding.lower().split(","):
        coding, _, weight = each.partition(";")
        weights[coding.strip()] = weight.replace(" ", "")
    weight = weights.get("gzip", weights.get("*", "q=0"))
    return not weight.startswith("q=0") or any(digit in weight for digit in "123456789")


def add_static_route(
    app: FastAPI, path: str, make: Callable[[], StaticContent], *, once: bool = True
) -> None:
    """Serve content at a path. It is made by a thread when it is first asked for, or every time."""
    made = cache(make) if once else make

    async def get_static_content(request: Request) -> Response:
        return (await asyncio.to_thread(made)).response(request)

    app.add_api_route(path, get_static_content, include_in_schema=False)
