"""Calls a route's handler with the values of a valid request, without FastAPI's dependency solver.

FastAPI works out for every request what a route takes; here that is worked out once a route. An
invalid request, and every route with parameters unknown here, is left to FastAPI, which also says
what is wrong. So the answers are the same, and a sixth of the CPU time of a command is saved
(docs/decisions/0013-benchmarks.md).
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, get_origin

from fastapi import Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.params import Body
from starlette.requests import Request

Values: TypeAlias = dict[str, Any]

_DEFAULTS_UNDERSTOOD = (type(None), bool, int, str)
_REQUIRED = object()


class FallbackToFastAPI(Exception):
    """The request may be invalid, or the route has parameters that are not understood here."""


class _Field(Protocol):
    """The part of FastAPI's fields that is used here."""

    name: str
    field_info: Any

    @property
    def alias(self) -> str: ...
    @property
    def validation_alias(self) -> str | None: ...
    def get_default(self) -> Any: ...
    def validate(self, value: Any) -> tuple[Any, list[Any]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parameter:
    """One value out of the path, the head or the body of a request."""

    name: str
    alias: str
    validate: Callable[[Any], tuple[Any, list[Any]]]
    default: Any

    def value_of(self, given: str | None) -> Any:
        if given is not None:
            return self.valid(given)
        if self.default is _REQUIRED:
            raise FallbackToFastAPI
        return self.default

    def valid(self, given: Any) -> Any:
        value, faults = self.validate(given)
        if faults:
            raise FallbackToFastAPI
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectCall:
    """The arguments of a route or a dependency, and how each is read from a request."""

    call: Callable[..., Awaitable[Any]]
    name: str
    path: tuple[_Parameter, ...]
    query_defaults: Values
    headers: tuple[_Parameter, ...]
    body: _Parameter | None
    request_name: str | None
    dependencies: tuple["DirectCall", ...]

    async def values(self, request: Request) -> Values:
        """Return the arguments in a valid request; FallbackToFastAPI if one is not there."""
        if request.scope["query_string"]:
            raise FallbackToFastAPI
        values = dict(self.query_defaults)
        for parameter in self.path:
            given = request.path_params.get(parameter.alias)
            values[parameter.name] = parameter.value_of(given)
        for parameter in self.headers:
            given = header(request, parameter.alias.lower().encode())
            values[parameter.name] = parameter.value_of(given)
        if self.body is not None:
            if not await request.body():
                raise FallbackToFastAPI
            values[self.body.name] = self._valid_body(self.body, await request.json())
        if self.request_name is not None:
            values[self.request_name] = request
        return values

    @staticmethod
    def _valid_body(parameter: "_Parameter", body: Any) -> Any:
        """Return the valid body. It is read last, so that all other arguments are valid."""
        value, faults = parameter.validate(body)
        if faults:
            in_body = [{**fault, "loc": ("body", *fault["loc"])} for fault in faults]
            raise RequestValidationError(in_body, body=body)
        return value

    async def made_with(self, values: Values, request: Request) -> Any:
        """Call the dependencies and then, with their results and the values, the route itself."""
        for dependency in self.dependencies:
            found = await dependency.made_with(await dependency.values(request), request)
            if dependency.name:  # else the handler does not take the result
                values[dependency.name] = found
        return await self.call(**values)


def header(request: Request, name: bytes) -> str | None:
    """Return a header by its name in lower case, as `request.headers` does but faster."""
    for known, value in request.scope["headers"]:
        if known == name:
            return str(value.decode("latin-1"))
    return None


def direct_call(dependant: Dependant) -> DirectCall | None:
    """Return the direct call of a route; None if only FastAPI can serve it."""
    try:
        return _direct(dependant) if _answers_itself(dependant.call) else None
    except FallbackToFastAPI:
        return None


def _direct(dependant: Dependant) -> DirectCall:
    _check_understood(dependant)
    assert dependant.call is not None  # noqa: S101 - as just checked
    return DirectCall(
        call=dependant.call,
        name=dependant.name or "",
        path=tuple(map(_parameter, dependant.path_params)),
        query_defaults={field.name: _default(field) for field in dependant.query_params},
        headers=tuple(map(_parameter, dependant.header_params)),
        body=_body(dependant.body_params),
        request_name=dependant.request_param_name or dependant.http_connection_param_name,
        dependencies=tuple(map(_direct_dependency, dependant.dependencies)),
    )


def _direct_dependency(dependant: Dependant) -> DirectCall:
    """Return a dependency whose only argument is the request."""
    parameters = (
        *dependant.path_params,
        *dependant.query_params,
        *dependant.header_params,
        *dependant.body_params,
    )
    if parameters:
        raise FallbackToFastAPI
    return _direct(dependant)


def _check_understood(dependant: Dependant) -> None:
    """Raise for what is not supported here: threads, generators, cookies, background tasks."""
    call = dependant.call
    is_coroutine = inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(
        getattr(type(call), "__call__", None)  # noqa: B004
    )
    others = (
        dependant.cookie_params,
        dependant.websocket_param_name,
        dependant.response_param_name,
        dependant.background_tasks_param_name,
        dependant.security_scopes_param_name,
        dependant.concurrency,
    )
    if not is_coroutine or any(others):
        raise FallbackToFastAPI


def _answers_itself(call: Callable[..., Any] | None) -> bool:
    """Return whether a route returns a response, which FastAPI need not render."""
    answer = None if call is None else inspect.signature(call).return_annotation
    return isinstance(answer, type) and issubclass(answer, Response)


def _parameter(field: _Field) -> _Parameter:
    if field.validation_alias not in {None, field.alias} or _is_collection(field):
        raise FallbackToFastAPI
    default = _REQUIRED if field.field_info.is_required() else _default(field)
    return _Parameter(name=field.name, alias=field.alias, validate=field.validate, default=default)


def _is_collection(field: _Field) -> bool:
    return get_origin(field.field_info.annotation) in {list, set, frozenset, tuple, dict}


def _default(field: _Field) -> Any:
    default = field.get_default()
    if not isinstance(default, _DEFAULTS_UNDERSTOOD) or field.field_info.validate_default:
        raise FallbackToFastAPI
    return default


def _body(fields: Sequence[_Field]) -> _Parameter | None:
    if not fields:
        return None
    if len(fields) > 1 or type(fields[0].field_info) is not Body or fields[0].field_info.embed:
        raise FallbackToFastAPI
    return _parameter(fields[0])
