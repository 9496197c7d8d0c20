"""Bulk import of orders as NDJSON, a result for each line."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from fastapi import Request, Response
from pydantic import TypeAdapter, ValidationError
from starlette.requests import ClientDisconnect

from app.api.language import in_language
from app.api.line_splitting import Line, LineLimits, lines_of
from app.api.openapi.headers import references
from app.api.problems.catalog import PROBLEMS
from app.api.problems.exception_handlers import code_of_failure
from app.api.problems.field_errors import faults_of, field_errors
from app.api.problems.problem import ProblemError, json_bytes
from app.api.request_context import IdempotencyKeyHeader, RequestContext, ShopId, problem_of
from app.api.resources.common import ID_PATTERN, FieldError, Id, Instant, ResponseModel
from app.api.resources.order_models import RegisterOrderBody, facts_of
from app.api.strict_request import parse_json
from app.command_handling.requests import Answer, History, IdempotencyKey, OrderRequest, Refusal
from app.domain.order.commands import OrderCommand
from app.domain.order.registration import (
    RecordReceiptConfirmation,
    RecordSettlement,
    RecordShipment,
    RegisterOrder,
)


class ImportLine(RegisterOrderBody):
    """One line of a bulk import: an order and, as far as they are known, its later facts.

    `shop_id` is required in a platform-wide import; in a shop's own it may be left out.
    """

    shop_id: Id | None = None
    shipped_at: Instant | None = None
    receipt_confirmed_at: Instant | None = None
    settled_at: Instant | None = None


class ImportResult(ResponseModel):
    """The result of one line."""

    line: int
    """Counted from 1; blank lines count but have no result."""
    shop_id: str | None
    order_id: str | None
    status: int
    """201: taken; 200: known before, unchanged; else the status of the problem."""
    code: str | None
    detail: str | None
    errors: list[FieldError] | None


NDJSON = "application/x-ndjson"

RESULTS: dict[str, Any] = {
    "description": "A result for each line, in their order, as NDJSON. "
    "Lines are imported one by one: a refused line does not stop the others.",
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

    A key counts for each line separately, by its number: the same line has the same result, and
    another line there is refused with `idempotency_key_reused`. The answer as a whole is
    `Idempotency-Replayed` if every result in it is.
    """
    return await _imported(request, call, shop_id, key)


async def import_orders(
    request: Request, call: RequestContext, key: IdempotencyKeyHeader = None
) -> Response:
    """Import up to 10,000 orders, each line naming its shop. Repeating is safe.

    A key counts for each line separately, as in the import of one shop.
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


LINES_MAX = 10_000
"""Lines one request takes, empty ones counted; a longer file is sent in several."""

BYTES_MAX = 64 * 1024 * 1024
"""Bytes of lines one request takes, begun line included; what follows is not read."""

CONCURRENT_MAX = 256

_IMPORT_LINE = TypeAdapter(ImportLine)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The result of a line. ``replayed``: it was given before under the same key."""

    result: ImportResult
    replayed: bool = False


async def import_lines(
    call: RequestContext, shop_id: str | None, lines: AsyncIterator[Line], key: str | None = None
) -> list[Imported]:
    """Import line by line as they arrive; results are in the order of the lines.

    ``shop_id`` is the shop every line must be of; None lets each line name its own. ``key`` counts
    for each line separately.
    """
    results: dict[int, Imported] = {}
    permits = asyncio.Semaphore(CONCURRENT_MAX)

    async def take(line: Line) -> None:
        try:
            results[line.number] = await _import_line(call, shop_id, line, key)
        finally:
            permits.release()

    under_way: set[asyncio.Task[None]] = set()
    try:
        async for line in lines:
            await permits.acquire()
            task = asyncio.create_task(take(line))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
    finally:
        # A body that breaks off takes back no line that had arrived whole.
        await asyncio.gather(*under_way)
    return [results[number] for number in sorted(results)]


async def _import_line(
    call: RequestContext, shop_id: str | None, line: Line, key: str | None
) -> Imported:
    """Import one line. Whatever is wrong with it or goes wrong is its result."""
    body: Any = None
    try:
        if line.fault is not None:
            raise ProblemError(line.fault)  # noqa: TRY301 - becomes a result below
        body = parse_json(line.content)
        parsed = _IMPORT_LINE.validate_python(body)
        of_shop = parsed.shop_id or shop_id
        if of_shop is None or shop_id not in {None, of_shop}:
            wrong = FieldError(pointer="#/shop_id", detail="must name the shop of this import")
            raise ProblemError("request_invalid", errors=[wrong])  # noqa: TRY301 - the same
        part = None
        if key is not None:
            part = call.key_of_part(of_shop, key, str(line.number), line.content)
        request = _request(call, of_shop, parsed, part)
        answer = await call.services.handler.handle(request, _Responder())
    except ProblemError as problem:
        return Imported(result=_failed(line.number, problem, call, shop_id, body))
    except ValidationError as error:
        faults = ProblemError("request_invalid", errors=field_errors(faults_of(error), body))
        return Imported(result=_failed(line.number, faults, call, shop_id, body))
    except Exception as failure:  # noqa: BLE001 - every line gets a result, whatever fails
        code = code_of_failure(failure)
        if code == "internal_error":
            _log.exception("import_line_failed", request_id=call.request_id, line=line.number)
        return Imported(result=_failed(line.number, ProblemError(code), call, shop_id, body))
    refused_with = answer.body.decode() or None
    result = ImportResult(
        line=line.number,
        shop_id=of_shop,
        order_id=parsed.order_id,
        status=answer.status,
        code=refused_with,
        detail=None
        if refused_with is None
        else in_language(PROBLEMS[refused_with].title, call.language),
        errors=None,
    )
    return Imported(result=result, replayed=answer.replayed)


def _request(
    call: RequestContext, shop_id: str, parsed: ImportLine, key: IdempotencyKey | None
) -> OrderRequest:
    return OrderRequest(
        shop_id=shop_id,
        order_id=parsed.order_id,
        commands=_commands(shop_id, parsed),
        actor=call.caller.actor,
        correlation_id=call.request_id,
        idempotency=key,
        assumed_new=True,
    )


def _commands(shop_id: str, line: ImportLine) -> tuple[OrderCommand, ...]:
    commands: list[OrderCommand] = [RegisterOrder(facts=facts_of(shop_id, line))]
    if line.shipped_at is not None:
        commands.append(RecordShipment(shipped_at=line.shipped_at))
    if line.receipt_confirmed_at is not None:
        commands.append(RecordReceiptConfirmation(confirmed_at=line.receipt_confirmed_at))
    if line.settled_at is not None:
        commands.append(RecordSettlement(settled_at=line.settled_at))
    return tuple(commands)


class _Responder:
    """Renders of a line what its result needs: the status, and the code of a refusal."""

    def accepted(self, history: History, *, changed: bool, now: datetime) -> Answer:  # noqa: ARG002
        return Answer(status=201 if changed else 200, body=b"")

    def refused(self, refusal: Refusal) -> Answer:
        problem = problem_of(refusal)
        return Answer(status=problem.status_code, body=problem.code.encode())


def _failed(
    number: int, problem: ProblemError, call: RequestContext, shop_id: str | None, body: Any
) -> ImportResult:
    """Return the result of a line that was not imported, with its ids as far as it has them."""
    title = in_language(PROBLEMS[problem.code].title, call.language)
    return ImportResult(
        line=number,
        shop_id=_id_in(body, "shop_id") or shop_id,
        order_id=_id_in(body, "order_id"),
        status=problem.status_code,
        code=problem.code,
        detail=problem.explanation or title,
        errors=None if problem.errors is None else list(problem.errors),
    )


def _id_in(body: Any, name: str) -> str | None:
    given = body.get(name) if isinstance(body, dict) else None
    return given if isinstance(given, str) and re.fullmatch(ID_PATTERN, given) else None
