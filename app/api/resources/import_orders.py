"""Bulk import of orders as NDJSON, a result for each line."""

from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from app.api.importing import BYTES_MAX, LINES_MAX, import_lines
from app.api.line_splitting import LineLimits, lines_of
from app.api.openapi.response_headers import references
from app.api.problems.problem import ProblemError, json_bytes
from app.api.request_context import IdempotencyKeyHeader, RequestContext, ShopId

NDJSON = "application/x-ndjson"

RESULTS: dict[str, Any] = {
    "description": "A result for each line, in their order, as NDJSON. "
    "Lines are taken one by one: a refused line keeps no other from being taken.",
    "headers": references(["Content-Language"]),
    "content": {NDJSON: {"schema": {"type": "string", "description": "`ImportResult` a line"}}},
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Up to 10,000 lines and 64 MiB. Each line is an `ImportLine`: the body of "
        "`register_order` with `shop_id`, `shipped_at`, `receipt_confirmed_at` and `settled_at` as "
        "far as known.",
        "content": {NDJSON: {"schema": {"type": "string"}}},
    }
}


async def import_shop_orders(
    shop_id: ShopId, request: Request, call: RequestContext, key: IdempotencyKeyHeader = None
) -> Response:
    """Import up to 10,000 orders of a shop. Repeating is safe: what is known stays as it is.

    A key counts for each line by itself, by its number: the same line has the same result, and
    another line there is refused with `idempotency_key_reused`. The answer as a whole is
    `Idempotency-Replayed` if every result in it is.
    """
    return await _imported(request, call, shop_id, key)


async def import_orders(
    request: Request, call: RequestContext, key: IdempotencyKeyHeader = None
) -> Response:
    """Import up to 10,000 orders, each line naming its shop. Repeating is safe.

    A key counts for each line by itself, as in the import of one shop.
    """
    return await _imported(request, call, None, key)


async def _imported(
    request: Request, call: RequestContext, shop_id: str | None, key: str | None
) -> Response:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != NDJSON:
        raise ProblemError("media_type_unsupported", facts={"expected": NDJSON})
    settings = call.services.resources.settings
    limits = LineLimits(
        line_bytes_max=settings.import_line_bytes_max, lines_max=LINES_MAX, bytes_max=BYTES_MAX
    )
    imported = await import_lines(call, shop_id, lines_of(_chunks(request), limits), key)
    body = b"".join(json_bytes(one.result) + b"\n" for one in imported)
    headers = {"Content-Language": call.language.value}
    if imported and all(one.replayed for one in imported):
        headers["Idempotency-Replayed"] = "true"
    return Response(body, headers=headers, media_type=NDJSON)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect as error:
        raise ProblemError("body_incomplete") from error
