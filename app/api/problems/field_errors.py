"""Shows what pydantic found wrong in a request, without ever echoing what was sent."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from app.api.resources.common import FieldError

FIELD_ERRORS_MAX = 50
POINTER_LENGTH_MAX = 200
FAULTS_MAX = 2_000
"""Of one body, that are looked at: to describe each of 100,000 would stop the process."""


def faults_of(
    error: ValidationError, place: tuple[int | str, ...] = ("body",)
) -> list[dict[str, Any]]:
    """Return what pydantic found in a part of a request; one summary where it is too much."""
    if error.error_count() > FAULTS_MAX:
        return [{"type": "too_many_faults", "loc": place, "msg": f"has over {FAULTS_MAX} faults"}]
    found = error.errors(include_url=False, include_input=False)
    return [{**fault, "loc": (*place, *fault["loc"])} for fault in found]


def field_errors(found: Sequence[Mapping[str, Any]], body: Any = None) -> list[FieldError]:
    """Show the first findings, each with where it is; ``body`` is the body as it was parsed."""
    return [_field_error(fault, body) for fault in found[:FIELD_ERRORS_MAX]]


def _field_error(fault: Mapping[str, Any], body: Any) -> FieldError:
    place, *steps = fault["loc"] or ("body",)
    if place == "body":
        place, steps = "#", _steps_in(body, steps)
    return FieldError(pointer=_pointer(str(place), steps), detail=_detail(fault))


def _steps_in(body: Any, steps: Sequence[str | int]) -> list[str | int]:
    """Leave out the names pydantic gives to a union's branches: they are nowhere in the body."""
    taken: list[str | int] = []
    for number, step in enumerate(steps, start=1):
        inside = _has(body, step)
        if inside or number == len(steps):
            taken.append(step)
        body = body[step] if inside else body
    return taken


def _has(body: Any, step: str | int) -> bool:
    if isinstance(body, dict):
        return step in body
    return isinstance(body, list) and isinstance(step, int) and 0 <= step < len(body)


def _pointer(place: str, steps: Sequence[str | int]) -> str:
    escaped = [str(step).replace("~", "~0").replace("/", "~1") for step in steps]
    # A member's name is the caller's: of any length, and not always valid text.
    text = "/".join([place, *escaped])[:POINTER_LENGTH_MAX]
    return text.encode("utf-8", "replace").decode()


def _detail(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "union_tag_invalid":  # pydantic's own text repeats the tag it was given
        return f"Input should be {' or '.join(fault['ctx']['expected_tags'].split(', '))}"
    return str(fault["msg"])
