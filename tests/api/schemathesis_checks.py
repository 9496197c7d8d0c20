"""What schemathesis checks of every answer beyond its own checks; loaded by its command line."""

import itertools
import json
import os
import re
import uuid
from typing import Any

import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.generation.meta import TestPhase
from schemathesis.hooks import HookContext
from schemathesis.transport import SerializationContext

PROBLEM = "application/problem+json"

GRANTABLE: dict[str, list[dict[str, Any]]] = json.loads(os.environ["CONTRACT_GRANTABLE"])
"""For some operations: paths, bodies and queries of requests that the service must grant."""

BODIES = {name: kept[0]["body"] for name, kept in GRANTABLE.items() if kept and kept[0]["body"]}
"""For some operations: a body that makes sense, whatever in the path it is for."""

_STEPS = itertools.count()
_WAITS = {str(seconds) for seconds in range(1, 31)}
_IF_MATCH = re.compile(r'"[0-9]{1,18}"')


@schemathesis.check
def valid_data_is_never_called_invalid(
    ctx: CheckContext, response: Response, case: "Case[Any]"
) -> bool | None:
    """What fits the schema may be refused for what it says, but never for its form."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return None
    if _IF_MATCH.fullmatch(str(response.request.headers.get("If-Match", '"1"'))) is None:
        return None  # schemathesis makes headers of letters and digits only, whatever the pattern
    code = _code_of(response)
    assert code not in {"request_invalid", "malformed_json"}, response.text
    return None


@schemathesis.check
def every_refusal_names_a_documented_code(
    ctx: CheckContext, response: Response, case: "Case[Any]"
) -> bool | None:
    """A problem's code is among those the operation documents for its status."""
    if response.status_code < 400 or response.status_code == 405:
        return None
    declared = case.operation.responses.find_by_status_code(response.status_code)
    assert declared is not None, response.text
    assert f"`{_code_of(response)}`" in declared.definition["description"], response.text
    return None


def _code_of(response: Response) -> str | None:
    if response.headers.get("content-type") != [PROBLEM]:
        return None
    code = response.json()["code"]
    assert isinstance(code, str)
    return code


@schemathesis.hook
def before_call(context: HookContext, case: "Case[Any]", kwargs: dict[str, Any]) -> None:
    """Make some of the valid requests ones that are sure to be granted, each for another order.

    And wait for no event: there is nothing to learn from long waits but that they are long.
    """
    if case.query and str(case.query.get("wait")) in _WAITS:
        case.query["wait"] = 0
    name = case.operation.definition.raw.get("operationId")
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.meta.phase.name is TestPhase.STATEFUL:
        _go_on(case, name)
        return
    waiting = GRANTABLE.get(name, [])
    if waiting:
        granted = waiting.pop()
        case.path_parameters = {
            name: granted["path"].get(name, value) for name, value in case.path_parameters.items()
        }
        case.query = granted["query"]
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
        case.headers.pop("If-Match", None)
        if granted["body"] is not None:
            case.body = granted["body"]


def _go_on(case: "Case[Any]", name: str) -> None:
    """Keep what a step was led to, and ask every other time so that it may lead on.

    Lists are asked for without filters, and decisions with a body that makes sense. A key is used
    once: the answer told again under it may name what was deleted since.
    """
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if next(_STEPS) % 2:
        return
    case.headers.pop("If-Match", None)
    if case.method == "GET":
        case.query = {}
    elif name in BODIES:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
        case.body = BODIES[name]


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx: SerializationContext, value: Any) -> bytes:
    """Send lines as they are, and an object as the one line it is."""
    if isinstance(value, bytes | str):
        return value if isinstance(value, bytes) else value.encode()
    lines = value if isinstance(value, list) else [value]
    return b"\n".join(json.dumps(line).encode() for line in lines)
