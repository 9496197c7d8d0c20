"""Reads request bodies strictly: only JSON, within the bound of each route."""

import json
import math
from collections.abc import Callable, Coroutine
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from fastapi import Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from app.api.authorization import admission_of
from app.api.body_limits import UNKNOWN_BYTES, BoundedField, body_bytes_max
from app.api.fast_dispatch import FallbackToFastAPI, direct_call, header
from app.api.problems.problem import ProblemError
from app.api.services import services_of

WHOLE_DIGITS_MAX = 20
"""Whole numbers written with a point or an exponent are read up to this many digits."""

_REQUEST = "aftersales.request"
"""The key of the object that reads this request: a body can be received only once."""


class StrictRequest(Request):
    """A request whose body is bounded, complete, of the announced type, and strict JSON."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, bytes_max: int) -> None:
        super().__init__(scope, receive, send)
        self._bytes_max = bytes_max

    async def body(self) -> bytes:
        """Return the body; a ProblemError if it is too large, cut off or no JSON by its type."""
        if not hasattr(self, "_body"):
            self._body = await self._bounded_body()
            if self._body and not _is_json(header(self, b"content-type") or ""):
                raise ProblemError("media_type_unsupported")
        return self._body

    async def json(self) -> Any:
        """Return the body parsed. NaN, infinities and repeated names are refused."""
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
        return self._json

    async def _bounded_body(self) -> bytes:
        settings = services_of(self).resources.settings
        bytes_max = min(self._bytes_max, settings.request_body_bytes_max)
        announced = header(self, b"content-length") or ""
        body = bytearray()
        if announced.isdecimal() and int(announced) > bytes_max:
            raise _too_large(bytes_max)
        try:
            async for chunk in self.stream():
                body += chunk
                if len(body) > bytes_max:
                    raise _too_large(bytes_max)
        except ClientDisconnect as error:
            raise ProblemError("body_incomplete") from error
        return bytes(body)


class StrictRoute(APIRoute):
    """A route that reads its requests strictly.

    Its operation id is its name: verb_noun, unique, and what generated clients call.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **{**options, "generate_unique_id_function": _route_name})
        fields = [BoundedField(field) for field in self.dependant.body_params]
        self.dependant.body_params[:] = fields
        limits = [body_bytes_max(field.adapter) for field in fields]
        self.body_bytes_max = max(limits, default=UNKNOWN_BYTES)
        self._direct = direct_call(self.dependant)
        self._admission = admission_of(self.dependant)
        self.query_names = _query_names(self.dependant)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Authorize the request; then serve it the fast way if it is valid, else by FastAPI."""
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        request = scope[_REQUEST] = StrictRequest(scope, receive, send, self.body_bytes_max)
        if self._admission is not None:
            await self._admission.admitted(request)
        if self._direct is None:
            await super().handle(scope, receive, send)
            return
        try:
            values = await self._direct.values(request)
        except FallbackToFastAPI:
            await super().handle(scope, receive, send)
        else:
            response: Response = await self._direct.made_with(values, request)
            await response(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, given a StrictRequest."""
        handler = super().get_route_handler()

        async def strict_handler(request: Request) -> Response:
            return await handler(request.scope[_REQUEST])

        return strict_handler


def _query_names(dependant: Dependant) -> frozenset[str]:
    """Return the names query parameters may have: their own, or those of their model's fields."""
    names: set[str] = set()
    for field in dependant.query_params:
        kind = field.field_info.annotation
        model = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
        names |= {field.alias} if model is None else model.model_fields.keys()
    return frozenset(names)


def _too_large(bytes_max: int) -> ProblemError:
    return ProblemError("body_too_large", facts={"bytes_max": bytes_max})


def _route_name(route: APIRoute) -> str:
    return route.name


def parse_json(body: bytes) -> Any:
    """Parse JSON as RFC 8259 has it; a ProblemError says where it is broken."""
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except RecursionError as error:
        raise ProblemError("malformed_json", detail="nested too deeply") from error
    except ValueError as error:
        raise ProblemError("malformed_json", detail=_said(error)) from error


def _said(error: ValueError) -> str:
    """Return where the JSON is broken, without details of this process."""
    text = str(error)
    return "a number has too many digits" if text.startswith("Exceeds the limit") else text[:200]


def _number(text: str) -> int | float:
    """Read 100.0 and 1e2 as the whole numbers they are, exactly (JSON Schema's integers)."""
    try:
        number = Decimal(text)
    except InvalidOperation:  # its exponent is beyond what any number here may have
        return math.inf
    if number.adjusted() > WHOLE_DIGITS_MAX or number % 1:
        return float(text)
    return int(number)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a member twice")
    return found


def _is_json(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type == "application/json"


_DECODER = json.JSONDecoder(
    parse_float=_number, parse_constant=_refuse_constant, object_pairs_hook=_unique_names
)
