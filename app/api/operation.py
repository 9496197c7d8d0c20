"""A row of the operations table, and the route that is made from it."""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from inspect import Parameter, Signature, cleandoc
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.access.scopes import Scope
from app.api.problems.problem_responses import EVERYWHERE, WITH_BODY, problems
from app.api.request_context import (
    PATH_PARAMETERS,
    IfMatch,
    RequestContext,
    RequiredIdempotencyKey,
    allow,
)
from app.api.resources.common import RequestModel
from app.api.strict_request import StrictRoute
from app.event_store.recorded_event import Role

Handler: TypeAlias = Callable[..., Awaitable[Response]]
Method: TypeAlias = Literal["GET", "POST", "PUT", "DELETE"]

Roles: TypeAlias = tuple[Role, ...]
SHOP = "/v1/shops/{shop_id}"
PLATFORM_PATH = "/v1/platform"

ANYONE: Roles = ()
"""No credential is needed."""
CONSUMER = (Role.CONSUMER,)
MERCHANT = (Role.MERCHANT,)
PLATFORM = (Role.PLATFORM,)
BUYER_AND_MERCHANT = (Role.CONSUMER, Role.MERCHANT)
MERCHANT_AND_PLATFORM = (Role.MERCHANT, Role.PLATFORM)
EVERYBODY = (Role.MERCHANT, Role.PLATFORM, Role.CONSUMER)
"""Every caller with a credential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the API."""

    name: str
    """Its operation id, which is the name of its route: verb_noun, unique."""
    method: Method
    path: str
    tag: str
    roles: Roles
    """The roles that may call it; empty: no credential is needed."""
    scope: Scope | None
    """The scope a credential needs; None where no credential is needed."""
    summary: str
    description: str
    handler: Handler
    """Called with the parameters it declares, once the caller is authorized."""
    response: type[BaseModel] | None = None
    status: int = 200
    problems: tuple[str, ...] = ()
    """The codes of its problems, without those of every authenticated operation."""
    responses: Mapping[int | str, dict[str, Any]] = field(default_factory=dict)
    """Answers other than its response and its problems."""
    openapi_extra: dict[str, Any] | None = None
    """Further members of the operation in the document."""
    in_document: bool = True
    command: type[Any] | None = None
    """The domain's command it issues, where it is one command on one order."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Constant values of the command's fields."""
    body: type[BaseModel] | None = None
    """Its body, where it issues a command."""
    optional_body: bool = False
    batch: bool = False
    """Whether a batch of decisions may hold it, see `decide_tickets`."""


def operation(
    name: str,
    method: Method,
    path: str,
    roles: Roles,
    scope: Scope | None,
    summary: str,
    handler: Handler,
    *,
    problems: tuple[str, ...] = (),
    **options: Any,
) -> Operation:
    """Return the row of an operation that is not one command; its handler's docstring describes it.

    ``problems`` are those that do not follow from the handler's parameters.
    """
    return Operation(
        name=name,
        method=method,
        path=path,
        roles=roles,
        scope=scope,
        summary=summary,
        description=handler.__doc__ or "",
        handler=handler,
        problems=(*_problems_of(handler), *problems),
        **options,
    )


def for_shop_and_platform(
    verb: str,
    noun: str,
    method: Method,
    path: str,
    scope: Scope,
    summary: str,
    handler: Handler,
    **options: Any,
) -> tuple[Operation, Operation]:
    """Return the rows of an operation on a shop's resources and of the same on the platform's.

    The first is open to the shop's merchants and the platform, the second to the platform only.
    """
    of_shop = operation(
        f"{verb}_{noun}",
        method,
        SHOP + path,
        MERCHANT_AND_PLATFORM,
        scope,
        summary,
        handler,
        **options,
    )
    of_platform = replace(
        of_shop, name=f"{verb}_platform_{noun}", path=PLATFORM_PATH + path, roles=PLATFORM
    )
    return of_shop, of_platform


def _problems_of(handler: Handler) -> Iterator[str]:
    annotations = [one.annotation for one in inspect.signature(handler).parameters.values()]
    if any(isinstance(one, type) and issubclass(one, RequestModel) for one in annotations):
        yield from WITH_BODY
    if RequiredIdempotencyKey in annotations:
        yield "idempotency_key_required"
    if IfMatch in annotations:
        yield "version_stale"


def route_of(operation: Operation) -> StrictRoute:
    """Return the route that serves an operation and describes it in the document."""
    base = EVERYWHERE if operation.roles else ()
    response_class = Response if operation.response is None else JSONResponse
    return StrictRoute(
        operation.path,
        _endpoint(operation),
        methods=[operation.method],
        name=operation.name,
        summary=operation.summary,
        description=cleandoc(operation.description),
        tags=[operation.tag],
        response_model=operation.response,
        response_class=response_class,
        status_code=operation.status,
        openapi_extra=operation.openapi_extra,
        include_in_schema=operation.in_document,
        responses={**operation.responses, **problems(*operation.problems, base=base)},
    )


def _endpoint(operation: Operation) -> Handler:
    """Return the handler with the signature for FastAPI: its caller's roles, and its whole path.

    Path parameters that the handler does not take are declared and validated too.
    """
    handler, wanted = operation.handler, inspect.signature(operation.handler).parameters
    unasked = [name for name in path_names(operation.path) if name not in wanted]
    declared = [
        Parameter(name, Parameter.KEYWORD_ONLY, annotation=PATH_PARAMETERS[name])
        for name in unasked
    ]
    parameters = [*declared, *(_declared(one, operation) for one in wanted.values())]

    async def endpoint(**values: Any) -> Response:
        for name in unasked:
            del values[name]
        return await handler(**values)

    return with_signature(endpoint, parameters)


def with_signature(handler: Handler, parameters: list[Parameter]) -> Handler:
    """Return a handler of keyword arguments with the signature that FastAPI reads."""
    signature = Signature(parameters, return_annotation=Response)
    handler.__signature__ = signature  # type: ignore[attr-defined]
    return handler


def path_names(path: str) -> list[str]:
    """Return the names of a path's parameters, in their order."""
    return re.findall(r"{(\w+)}", path)


def _declared(parameter: Parameter, operation: Operation) -> Parameter:
    annotation = parameter.annotation
    if annotation is RequestContext:
        assert operation.scope is not None  # noqa: S101 - callers are authorized by scope
        annotation = Annotated[RequestContext, allow(operation.scope, *operation.roles)]
    return parameter.replace(kind=Parameter.KEYWORD_ONLY, annotation=annotation)
