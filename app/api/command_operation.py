"""Rows of the operations table that issue one command for one order."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from inspect import Parameter
from typing import Any, Literal, TypeAlias

from fastapi import Response

from app.api.operation import Handler, Operation, Roles, path_names, with_signature
from app.api.problems.problem_responses import ATTACHMENT_REFUSALS, COMMAND, WITH_BODY
from app.api.request_context import (
    PATH_PARAMETERS,
    IdempotencyKeyHeader,
    IfMatch,
    Presenter,
    RequestContext,
    RequiredIdempotencyKey,
)
from app.api.resources.common import RequestModel
from app.domain.order.tickets import Side
from app.event_store.recorded_event import Role
from app.projections.tickets.list import order_id_of

PathValues: TypeAlias = Mapping[str, str]
Make: TypeAlias = Callable[[RequestContext, PathValues, Any], Any]
"""Makes a command of a request, the values in its path, and its body."""

OPTIONAL: Literal["optional"] = "optional"
REQUIRED: Literal["required"] = "required"

_SIDES = {
    Role.CONSUMER: Side.CONSUMER,
    Role.MERCHANT: Side.MERCHANT,
    Role.PLATFORM: Side.PLATFORM,
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The resource that commands change: its path, and how it is shown in their answers."""

    path: str
    present: Callable[[RequestContext, PathValues], Presenter]
    not_found: str = "order_not_found"
    problems: tuple[str, ...] = ()
    """The problems of every command on it."""


def command_operation(
    target: Target,
    command: type[Any],
    roles: Roles,
    summary: str,
    description: str,
    *,
    name: str | None = None,
    path: str | None = None,
    body: type[RequestModel] | None = None,
    optional_body: bool = False,
    key: Literal["optional", "required"] = OPTIONAL,
    if_match: bool = False,
    status: int = 200,
    problems: tuple[str, ...] = (),
    values: Mapping[str, Any] | None = None,
    make: Make | None = None,
    **options: Any,
) -> Operation:
    """Return the row of a command. Its name and path follow from its class if none is given.

    The command's fields are those of the path and the body that have their names, the caller's
    `side`, and ``values``; ``make`` builds it where that is not enough. ``options`` are the row's.
    """
    name, values = name or name_of(command), values or {}
    whole_path = target.path + (f"/{name.replace('_', '-')}" if path is None else path)
    if make is None:
        _check_fields(command, path_names(whole_path), body, values)
        make = _make_of(command, values)
    parameters = _parameters(
        whole_path, body, optional_body=optional_body, key=key, if_match=if_match
    )
    return Operation(
        name=name,
        method="POST",
        path=whole_path,
        roles=roles,
        summary=summary,
        description=description,
        handler=with_signature(_handler(target, make, created=status == 201), parameters),
        status=status,
        problems=(*_problems(target, body, key=key, if_match=if_match), *problems),
        command=command,
        values=values,
        body=body,
        optional_body=optional_body,
        **options,
    )


def _make_of(command: type[Any], values: Mapping[str, Any]) -> Make:
    """Return a function that fills a command's fields from a request and from ``values``."""

    def make(call: RequestContext, path_values: PathValues, body: Any) -> Any:
        side = _SIDES[call.caller.actor.role]
        return command_of(command, body, {**path_values, "side": side, **values})

    return make


def _handler(target: Target, make: Make, *, created: bool) -> Handler:
    """Return a handler that issues the command of a request and shows its target."""

    async def issue(
        call: RequestContext,
        body: RequestModel | None = None,
        key: str | None = None,
        if_match: str | None = None,
        **path_values: str,
    ) -> Response:
        return await call.command(
            path_values["shop_id"],
            _order_named(path_values, body),
            make(call, path_values, body),
            render=target.present(call, path_values),
            key=key,
            if_match=if_match,
            created=created,
            not_found=target.not_found,
        )

    return issue


def name_of(command: type[Any]) -> str:
    """Return the name of a command in the API: `agree_to_application` of `AgreeToApplication`."""
    words = "".join(
        f"_{letter.lower()}" if letter.isupper() else letter for letter in command.__name__
    )
    return words.removeprefix("_")


def command_of(command: type[Any], body: RequestModel | None, given: Mapping[str, Any]) -> Any:
    """Return a command whose fields are those given, or the body's of the same name."""
    values = {}
    for field in dataclasses.fields(command):
        if field.name in given:
            values[field.name] = given[field.name]
        elif body is not None and hasattr(body, field.name):
            values[field.name] = _domain_value(getattr(body, field.name))
    return command(**values)


def _domain_value(value: Any) -> Any:
    """Return a value of a body as the domain has it; parts of bodies convert themselves."""
    if isinstance(value, list):
        return tuple(_domain_value(one) for one in value)
    in_domain = getattr(value, "in_domain", None)
    return value if in_domain is None else in_domain()


def _check_fields(
    command: type[Any], path: list[str], body: type[RequestModel] | None, values: Mapping[str, Any]
) -> None:
    """Raise TypeError, at start-up, if a required field gets no value."""
    for field in dataclasses.fields(command):
        given = field.name in {*path, "side", *values} or hasattr(body, field.name)
        in_body = body is not None and field.name in body.model_fields
        if not given and not in_body and field.default is dataclasses.MISSING:
            raise TypeError(f"{command.__name__}.{field.name} has no value in path or body")


def _order_named(path_values: PathValues, body: Any) -> str:
    ticket_id = path_values.get("ticket_id") or path_values.get("refund_id")
    if ticket_id is not None:
        return order_id_of(ticket_id)
    return path_values["order_id"] if "order_id" in path_values else str(body.order_id)


def _parameters(
    path: str, body: Any, *, optional_body: bool, key: str, if_match: bool
) -> list[Parameter]:
    """Return the parameters of a command's handler.

    An optional body may also be null, as clients made by openapi-generator send what is left out;
    the document does not say so, because openapi-python-client cannot leave out what may be null.
    """
    parameters = [_keyword(name, PATH_PARAMETERS[name]) for name in path_names(path)]
    parameters.append(_keyword("call", RequestContext))
    if body is not None:
        optional = (body | None, None) if optional_body else (body, Parameter.empty)
        parameters.append(_keyword("body", *optional))
    if key == REQUIRED:
        parameters.append(_keyword("key", RequiredIdempotencyKey))
    else:
        parameters.append(_keyword("key", IdempotencyKeyHeader, None))
    if if_match:
        parameters.append(_keyword("if_match", IfMatch, None))
    return parameters


def _keyword(name: str, annotation: Any, default: Any = Parameter.empty) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


def _problems(
    target: Target, body: type[RequestModel] | None, *, key: str, if_match: bool
) -> Iterator[str]:
    """Return the problems that follow from the parameters."""
    yield from (*WITH_BODY, *COMMAND, target.not_found, *target.problems)
    if key == REQUIRED:
        yield "idempotency_key_required"
    if if_match:
        yield "version_stale"
    if body is not None and {"evidence", "pictures"} & body.model_fields.keys():
        yield from ATTACHMENT_REFUSALS
